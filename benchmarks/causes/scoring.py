"""Compares the causes that were named with the labels, and adds up. Nothing is executed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus import Case, Label

from repro_nb.rerun.result import Cause, Grade, NotebookResult

__all__ = ["Score", "Summary", "Tally", "crashed", "judge", "summarise"]

_LONGEST = 300
"""Characters of a remark."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What was said of one notebook, and what of it was right.

    Attributes:
        name: The notebook.
        sound: Whether it has no cause to be found.
        hits: Labels whose factor was named.
        missed: Labels whose factor was not.
        wrong: Factors that were named without being a cause.
        grades: Best grade of each factor that was named.
        cells: By hit: whether the cell was right.
        origins: By hit with a line to be found: whether it was right.
        remarks: Each thing that was not right, in words.
        judged: Whether anything could be found out: a notebook of which nothing is said since it could not be run is
            neither right nor wrong to be silent about.
        runs: Runs that were made.
        seconds: Wall time.
    """

    name: str
    sound: bool
    hits: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    grades: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[bool, ...] = ()
    origins: tuple[bool, ...] = ()
    remarks: tuple[str, ...] = ()
    judged: bool = True
    runs: int = 0
    seconds: float = 0.0


def judge(case: Case, result: NotebookResult) -> Score:
    """Compare the causes of `result` with the labels of `case`."""
    pairs = [(label, _named(label, result.causes)) for label in case.labels]
    hits = [(label, cause) for label, cause in pairs if cause is not None]
    missed = [label for label, cause in pairs if cause is None]
    allowed = {name for label in case.labels for name in label.factors} | set(case.fair)
    wrong = [cause for cause in _firsts(result.causes) if cause.factor not in allowed]
    lines = [(label, cause) for label, cause in hits if label.origins]
    return Score(
        name=case.name,
        sound=case.sound,
        hits=tuple(label.factor for label, _ in hits),
        missed=tuple(label.factor for label in missed),
        wrong=tuple(cause.factor for cause in wrong),
        grades=_grades(result.causes),
        cells=tuple(label.cell == cause.cell for label, cause in hits),
        origins=tuple(_line_is_right(label, cause) for label, cause in lines),
        remarks=(
            *_misses(missed, result),
            *_alarms(wrong),
            *_misplaced(hits),
            *_trouble(case, result),
        ),
        judged=bool(result.causes) or result.error is None,
        runs=len(result.runs),
        seconds=result.seconds,
    )


def crashed(case: Case, fault: Exception) -> Score:
    """Nothing was said of the notebook, as the explanation itself failed."""
    missed = tuple(label.factor for label in case.labels)
    text = f"the explanation failed: {type(fault).__name__}: {fault}"
    return Score(
        name=case.name, sound=case.sound, missed=missed, remarks=(text[:_LONGEST],), judged=False
    )


def _named(label: Label, causes: Sequence[Cause]) -> Cause | None:
    """The cause that names the label's factor: the one at its cell if there is one, else the first."""
    named = [cause for cause in causes if cause.factor in label.factors]
    return next((cause for cause in named if cause.cell == label.cell), next(iter(named), None))


def _firsts(causes: Iterable[Cause]) -> list[Cause]:
    """The first cause of each factor."""
    found: dict[str, Cause] = {}
    for cause in causes:
        found.setdefault(cause.factor, cause)
    return list(found.values())


def _grades(causes: Iterable[Cause]) -> dict[str, str]:
    order = list(Grade)
    found: dict[str, Grade] = {}
    for cause in causes:
        best = found.get(cause.factor, cause.grade)
        found[cause.factor] = min(best, cause.grade, key=order.index)
    return {factor: grade.value for factor, grade in found.items()}


def _line_is_right(label: Label, cause: Cause) -> bool:
    if cause.origin is None:
        return not label.knowable
    return (cause.origin.cell, cause.origin.line) in label.origins


def _misses(missed: Sequence[Label], result: NotebookResult) -> Iterable[str]:
    said = ", ".join(f"{c.factor} at cell {c.cell}" for c in result.causes) or "nothing"
    for label in missed:
        yield f"{label.factor} at cell {label.cell} not named, but {said}"[:_LONGEST]


def _trouble(case: Case, result: NotebookResult) -> Iterable[str]:
    """Why nothing was said, where the notebook itself is not to blame or was not understood."""
    if result.error is not None and (case.sound or not result.causes):
        message = (result.error.message.splitlines() or [""])[0]
        yield f"not judged: {result.error.type}: {message}"[:_LONGEST]


def _alarms(wrong: Sequence[Cause]) -> Iterable[str]:
    for cause in wrong:
        text = f"{cause.factor} named at cell {cause.cell}, {cause.grade.value}: {cause.evidence}"
        yield text[:_LONGEST]


def _misplaced(hits: Sequence[tuple[Label, Cause]]) -> Iterable[str]:
    for label, cause in hits:
        if label.cell != cause.cell:
            yield f"{label.factor} shows at cell {label.cell}, not {cause.cell}"
        if label.origins and not _line_is_right(label, cause):
            place = None if cause.origin is None else (cause.origin.cell, cause.origin.line)
            yield f"{label.factor} comes from {sorted(label.origins)}, not {place}"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often a factor was named rightly, named wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float | None:
        """Share of what was named that is true; None when nothing was named."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Share of what is true that was named; None when nothing is true."""
        return _share(self.right, self.right + self.missed)

    def to_json(self) -> dict[str, Any]:
        """The counts and shares."""
        counts = {"right": self.right, "wrong": self.wrong, "missed": self.missed}
        return {**counts, "precision": self.precision, "recall": self.recall}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The scores of a corpus, added up.

    Attributes:
        notebooks: How many were judged.
        factors: By factor, at the level of whole notebooks.
        total: All factors together.
        grades: By grade of what was named: how much of it was right.
        cells: Share of the named factors of which the cell was right.
        origins: Share of the named factors with a line of which the line was right.
        sound: How many notebooks are sound, and could be judged.
        accused: Sound notebooks of which something was said.
        unjudged: Notebooks of which nothing could be found out.
        runs: Runs that were made.
        seconds: Wall time of the examinations, added up.
    """

    notebooks: int
    factors: Mapping[str, Tally]
    total: Tally
    grades: Mapping[str, Tally]
    cells: float | None
    origins: float | None
    sound: int
    accused: tuple[str, ...]
    unjudged: tuple[str, ...]
    runs: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """What ``json`` can write."""
        return {
            "notebooks": self.notebooks,
            "total": self.total.to_json(),
            "factors": {name: tally.to_json() for name, tally in self.factors.items()},
            "grades": {name: tally.to_json() for name, tally in self.grades.items()},
            "cell_accuracy": self.cells,
            "origin_line_accuracy": self.origins,
            "sound": self.sound,
            "sound_accused": list(self.accused),
            "not_judged": list(self.unjudged),
            "runs": self.runs,
            "seconds": round(self.seconds, 1),
        }


def summarise(scores: Sequence[Score]) -> Summary:
    """Add up the scores of all notebooks."""
    right = Counter(factor for score in scores for factor in score.hits)
    wrong = Counter(factor for score in scores for factor in score.wrong)
    missed = Counter(factor for score in scores for factor in score.missed)
    names = sorted({*right, *wrong, *missed})
    return Summary(
        notebooks=len(scores),
        factors={
            name: Tally(right=right[name], wrong=wrong[name], missed=missed[name]) for name in names
        },
        total=Tally(right=right.total(), wrong=wrong.total(), missed=missed.total()),
        grades={grade.value: _of_grade(scores, grade) for grade in Grade},
        cells=_mean([one for score in scores for one in score.cells]),
        origins=_mean([one for score in scores for one in score.origins]),
        sound=sum(score.sound and score.judged for score in scores),
        accused=tuple(score.name for score in scores if score.sound and score.wrong),
        unjudged=tuple(score.name for score in scores if not score.judged),
        runs=sum(score.runs for score in scores),
        seconds=sum(score.seconds for score in scores),
    )


def _of_grade(scores: Sequence[Score], grade: Grade) -> Tally:
    named = [
        factor not in score.wrong
        for score in scores
        for factor, found in score.grades.items()
        if found == grade.value
    ]
    return Tally(right=sum(named), wrong=len(named) - sum(named))


def _mean(values: Sequence[bool]) -> float | None:
    return _share(sum(values), len(values))
