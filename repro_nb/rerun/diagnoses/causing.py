"""What the diagnoses share in making causes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.result import Cause, Grade, Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["Advice", "cells_named", "failure_cause", "first_line", "line_with"]


@dataclass(frozen=True)
class Advice:
    """What is known of a failure: a sentence for the evidence, and the fix."""

    evidence: str
    fix: str


def failure_cause(
    case: Case,
    factor: str,
    evidence: str,
    fix: str,
    origin: Origin | None,
    grade: Grade = Grade.OBSERVED,
) -> Cause:
    """The cause of the run's failure.

    Args:
        case: A case with a failure in a cell.
        factor: The factor's public name.
        evidence: What was seen.
        fix: What to do.
        origin: Where it comes from.
        grade: How well it is known; the failure itself was seen.
    """
    failure = case.run.failure
    if failure is None or failure.cell is None:
        raise ValueError("the run did not fail in a cell")
    return Cause(
        cell=failure.cell,
        factor=factor,
        grade=grade,
        evidence=evidence,
        fix=fix,
        origin=origin,
        floating=False,
    )


def line_with(case: Case, cell: int, pattern: str) -> Origin | None:
    """The first line of a cell in which the regular expression `pattern` is found; None for no line."""
    for number, line in enumerate(case.cells[cell].source.splitlines(), 1):
        if re.search(pattern, line):
            return Origin(cell=cell, line=number, code=line.strip())
    return None


def first_line(text: str, limit: int = 200) -> str:
    """The first line of a message, shortened to `limit` characters."""
    line = text.strip().split("\n", 1)[0].strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def cells_named(cells: Iterable[int]) -> str:
    """``cell 3``, ``cells 3 and 5``, ``cells 3, 5 and 6``."""
    names = [str(cell) for cell in cells]
    if len(names) == 1:
        return f"cell {names[0]}"
    return f"cells {', '.join(names[:-1])} and {names[-1]}"
