"""The causes in words: what every report says about why cells differ or fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from repro_nb.rerun.report.cause_phrases import CLAUSES, OF_SAVED_OUTPUTS, deed
from repro_nb.rerun.result import UNEXPLAINED, Cause, Grade, Level, NotebookResult, Origin, Status

__all__ = [
    "CauseText",
    "cause_labels",
    "cause_line",
    "cause_texts",
    "held_back_text",
    "leading_cause",
    "why_title",
]

_GRADES = tuple(Grade)
_ELSEWHERE = "would differ on another machine"


@dataclass(frozen=True, kw_only=True)
class CauseText:
    """One cause in words. Its sentences may hold text from the notebook, which is not escaped yet.

    Attributes:
        cause: The cause.
        headline: Which cell, and why, as a sentence without its full stop.
        label: Its factor and how well it is known: ``os-entropy, proved``.
        grade: How well it is known; empty where it is unexplained.
        elsewhere: Whether it takes another machine for the cell to differ.
        place: Where it comes from, such as ``cell 4, line 3``; empty where that is not known.
        evidence: What was seen, and the line that rebuilds the stream where that is known.
        inherited: Which cells differ through this one; empty where none does.
        fix: What to do about it.
    """

    cause: Cause
    headline: str
    label: str
    grade: str
    elsewhere: bool
    place: str
    evidence: str
    inherited: str
    fix: str


def cause_texts(result: NotebookResult) -> tuple[CauseText, ...]:
    """Every cause in words, the most important first."""
    return tuple(_explained(result, cause) for cause in _by_weight(result))


def leading_cause(result: NotebookResult) -> Cause | None:
    """The cause to see to first; None where there is none."""
    return next(iter(_by_weight(result)), None)


def why_title(result: NotebookResult) -> str:
    """What the causes explain: ``Why not level 2 (repeats)``."""
    if result.level is None:
        return "Why it could not be judged" if result.status is Status.ERROR else "Why"
    if result.level is Level.FAILS:
        return "Why it fails"
    following = Level(min(result.level + 1, Level.LOCKED))
    return f"Why not level {following.value} ({following.label})"


def held_back_text(result: NotebookResult) -> str:
    """The one thing that holds a notebook back, in a line: its first cause where one is known."""
    cause = leading_cause(result)
    if cause is None or _is_saved_failure(result, cause):
        return result.held_back_by or ""
    return cause_line(result, cause)


def cause_line(result: NotebookResult, cause: Cause) -> str:
    """A cause in short: ``cell 6 differs: os-entropy, from cell 4, line 1``."""
    place = _place(cause.origin)
    known = f"{cause.factor}, from {place}" if place else cause.factor
    return f"cell {cause.cell} {_fate(result, cause)}: {known}"


def cause_labels(result: NotebookResult, index: int) -> tuple[str, ...]:
    """What the row of a cell says of causes: its factors, and the cells that it inherits from."""
    own = [cause.factor for cause in result.causes if cause.cell == index]
    inherited = [
        f"from cell {cause.cell}" for cause in result.causes if index in cause.inherited_by
    ]
    return tuple(dict.fromkeys(own + inherited))


def _by_weight(result: NotebookResult) -> Sequence[Cause]:
    """What breaks every run before what takes another machine, and what is known before what is not."""
    focus = result.first_divergent_cell
    first = None if focus is None else focus.index

    def weight(cause: Cause) -> tuple[bool, bool, bool, bool, int, int]:
        return (
            not _is_failure(result, cause),
            not cause.floating,
            cause.factor == UNEXPLAINED,
            cause.cell != first,
            cause.cell,
            _GRADES.index(cause.grade),
        )

    return sorted(result.causes, key=weight)


def _explained(result: NotebookResult, cause: Cause) -> CauseText:
    grade = "" if cause.factor == UNEXPLAINED else cause.grade.value
    return CauseText(
        cause=cause,
        headline=_headline(result, cause),
        label=", ".join(filter(None, (cause.factor, grade))),
        grade=grade,
        elsewhere=_fate(result, cause) == _ELSEWHERE,
        place=_place(cause.origin),
        evidence=_one_line(f"{cause.evidence} {_rebuilt(result, cause)}"),
        inherited=_inherited(cause.inherited_by),
        fix=_one_line(cause.fix),
    )


def _headline(result: NotebookResult, cause: Cause) -> str:
    subject = f"Cell {cause.cell} {_fate(result, cause)}"
    if _is_saved_failure(result, cause):
        return f"{subject}: it raises the error it was saved with"
    if cause.factor == UNEXPLAINED:
        return f"{subject}, and no known factor explains it"
    if cause.factor in CLAUSES:
        return f"{subject} because {CLAUSES[cause.factor]}"
    return f"{subject} because {_doer(cause)} {deed(cause)}"


def _fate(result: NotebookResult, cause: Cause) -> str:
    if _is_failure(result, cause):
        return "fails"
    if _is_about_saved_output(result, cause):
        return "no longer gives its saved output"
    return "differs" if cause.floating else _ELSEWHERE


def _is_failure(result: NotebookResult, cause: Cause) -> bool:
    return result.error is not None and result.error.cell == cause.cell


def _is_saved_failure(result: NotebookResult, cause: Cause) -> bool:
    """Whether all there is to say of a failure is that the notebook was saved with it."""
    failed = _is_failure(result, cause) and result.fails_as_saved
    return failed and cause.factor == UNEXPLAINED


def _is_about_saved_output(result: NotebookResult, cause: Cause) -> bool:
    if cause.factor in OF_SAVED_OUTPUTS:
        return True
    differs_now = cause.cell in result.run_to_run.divergent_cells
    return cause.cell in result.saved.divergent_cells and not differs_now


def _doer(cause: Cause) -> str:
    origin = cause.origin
    if origin is None:
        return "it"
    if not origin.seen:
        return f"it, most likely through line {origin.line} of cell {origin.cell},"
    if origin.cell == cause.cell:
        return f"its line {origin.line}"
    return f"line {origin.line} of cell {origin.cell}"


def _place(origin: Origin | None) -> str:
    return "" if origin is None else f"cell {origin.cell}, line {origin.line}"


def _rebuilt(result: NotebookResult, cause: Cause) -> str:
    """The line that makes the very stream of the first run again, where this cause made it."""
    if cause.factor != "os-entropy" or cause.origin is None:
        return ""
    for source in result.diverged_sources:
        if source.rebuilt_by and source.cell == cause.origin.cell:
            return f"Run A drew from `{source.rebuilt_by}`."
    return ""


def _inherited(cells: Sequence[int]) -> str:
    if not cells:
        return ""
    *most, last = (str(cell) for cell in cells)
    if not most:
        return f"Cell {last} inherits it."
    return f"Cells {', '.join(most)} and {last} inherit it."


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
