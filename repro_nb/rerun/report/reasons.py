"""Why outputs that are not identical ended as they did: in full for a cell, in short for a notebook."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from repro_nb.recording.outcome import Outcome, OutputComparison
from repro_nb.rerun.report.wording import plural
from repro_nb.rerun.result import CellResult, NotebookResult

__all__ = ["Reason", "cell_reasons", "equivalence_text", "reasons_of"]

_HIDDEN = re.compile(r"equal after normalising ([^;]+)")
_NUMBERS = re.compile(r"\bnumbers? agrees? ([^;(]+)")
_PIXELS = re.compile(r"\bpixels? differs?, at most by ")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one output is not identical in one comparison.

    Attributes:
        output: Position among the cell's outputs, from 0.
        kind: What was compared.
        side: ``run_to_run`` or ``saved``.
        outcome: How it ended.
        reason: Why, as one sentence.
    """

    output: int
    kind: str
    side: str
    outcome: Outcome
    reason: str


def reasons_of(cell: CellResult) -> tuple[Reason, ...]:
    """The reasons of all its outputs that are not identical, runs first."""
    return tuple(
        Reason(
            output=each.output, kind=each.kind, side=side, outcome=each.outcome, reason=each.reason
        )
        for side, each in _outputs(cell)
        if each.outcome is not Outcome.IDENTICAL
    )


def cell_reasons(cell: CellResult) -> tuple[str, ...]:
    """Each reason of a cell once, as a reader wants them in a table."""
    return tuple(dict.fromkeys(each.reason for each in reasons_of(cell) if each.reason))


def equivalence_text(result: NotebookResult, most: int = 5) -> str:
    """Why outputs are equivalent: ``memory addresses hidden (2), numbers within rtol 1e-06 (1)``.

    Args:
        result: The result.
        most: How many reasons to name; the rest is counted.

    Returns:
        The reasons, those of most outputs first; empty where no output is equivalent.
    """
    groups = Counter(short for cell in result.cells for short in _equivalent(cell)).most_common()
    named = [f"{short} ({count})" for short, count in groups[:most]]
    if len(groups) > most:
        named.append(plural(len(groups) - most, "more reason"))
    return ", ".join(named)


def _outputs(cell: CellResult) -> Iterator[tuple[str, OutputComparison]]:
    for side, comparison in (("run_to_run", cell.run_to_run), ("saved", cell.saved)):
        if comparison is not None:
            yield from ((side, each) for each in comparison.outputs)


def _equivalent(cell: CellResult) -> Iterator[str]:
    """The short reasons of its outputs that are equivalent in any comparison, each once an output."""
    found = dict.fromkeys(
        (each.output, short)
        for _, each in _outputs(cell)
        if each.outcome is Outcome.EQUIVALENT
        for short in _shortened(each.reason)
    )
    yield from (short for _, short in found)


def _shortened(reason: str) -> list[str]:
    """A reason without its particulars, so that equal ones can be counted."""
    hidden = [
        f"{name} hidden" for found in _HIDDEN.findall(reason) for name in found.split(" and ")
    ]
    numbers = [f"numbers {found.strip()}" for found in _NUMBERS.findall(reason)]
    pixels = ["pixels within tolerance"] if _PIXELS.search(reason) else []
    return hidden + numbers + pixels or ([reason] if reason else [])
