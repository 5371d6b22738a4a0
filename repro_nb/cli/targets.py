"""Where reports may be written: never over anything but an earlier report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from repro_nb.errors import UsageError
from repro_nb.pages.reports import check_target

__all__ = ["check_targets"]

_KEPT = (".ipynb", ".repro.json")


def check_targets(targets: Iterable[Path | None], inputs: Iterable[Path]) -> None:
    """Refuses files that a report must not replace.

    Args:
        targets: Where reports are to go; None for one that was not asked for.
        inputs: What is read.

    Raises:
        UsageError: A target is an input, looks like a notebook or a recording, is there and no earlier report, or is
            named twice.
    """
    taken = {path.resolve() for path in inputs}
    for target in targets:
        if target is None:
            continue
        if target.resolve() in taken:
            raise UsageError(
                "a report would replace what is examined, or another report", where=str(target)
            )
        if target.name.lower().endswith(_KEPT):
            raise UsageError(
                "a report would be taken for a notebook or a recording",
                where=str(target),
                hint="Name a file that ends otherwise, such as report.html or report.md.",
            )
        check_target(target)
        taken.add(target.resolve())
