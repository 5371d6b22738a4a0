"""Where the registry is that a verb of ``repro-nb checkpoint`` works on, and how its results end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro_nb.errors import UsageError

if TYPE_CHECKING:
    from repro_nb.checkpoints.report.verify_wording import Report
    from repro_nb.checkpoints.verifier import CheckpointVerifier

__all__ = ["as_json_option", "exit_code", "grouped", "registry_option", "verifier_for"]

_FAILED = 1
_UNDECIDED = 3

registry_option = click.option(
    "--registry",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of the registry. [default: the nearest one above the checkpoint that has one, else its own folder]",
)
as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)


def verifier_for(directory: Path, algorithm: str = "sha256") -> CheckpointVerifier:
    """The verifier of a folder that exists: a wrong name must not make one."""
    from repro_nb.checkpoints.verifier import CheckpointVerifier  # noqa: PLC0415 - slow

    if not directory.is_dir():
        raise UsageError("there is no such folder", where=str(directory))
    return CheckpointVerifier(directory, algorithm=algorithm)


def grouped(paths: Iterable[str | Path], registry: Path | None) -> dict[Path, list[str | Path]]:
    """The absolute paths of checkpoints, and their addresses, by the folder of their registry."""
    from repro_nb.checkpoints.names import registry_folder  # noqa: PLC0415 - slow

    found: dict[Path, list[str | Path]] = {}
    for path in paths:
        folder = registry if registry is not None else shown(registry_folder(path))
        found.setdefault(folder, []).append(path.absolute() if isinstance(path, Path) else path)
    return found


def shown(folder: Path) -> Path:
    """A folder relative to the current one where it lies in it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def exit_code(reports: Sequence[Report]) -> int:
    """3 where something could not be judged, 1 where something does not verify; what is trusted on demand is fine."""
    from repro_nb.checkpoints.examining import Undecided  # noqa: PLC0415 - slow

    found = [each for report in reports for each in report.examinations]
    codes = {
        Undecided.NO: _FAILED,
        Undecided.TRUSTED: 0,
        Undecided.CHANGED: _UNDECIDED,
        Undecided.UNKNOWN: _UNDECIDED,
    }
    return max((codes[each.undecided] for each in found if not each.verification), default=0)
