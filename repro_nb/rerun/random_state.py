"""The random state of one run against another's: which sources diverged, and where that began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repro_nb.findings import Finding, Place, Severity
from repro_nb.records import JAX
from repro_nb.rerun.result import DivergedSource

if TYPE_CHECKING:
    from repro_nb.records import CellRecord
    from repro_nb.rerun.runner import Run

__all__ = ["diverged_sources", "draw_findings", "floating_sources"]


def floating_sources(left: Run, right: Run) -> frozenset[str]:
    """Names of the sources whose state differed between two runs at some cell that drew from them."""
    pairs = zip(left.records, right.records, strict=True)
    return frozenset(
        name
        for one, two in pairs
        if one is not None and two is not None
        for name in {*one.draws, *one.appeared}
        if _entered_apart(one, two, name) or _made_apart(one, two, name)
    )


def diverged_sources(runs: Sequence[Run], first: int | None) -> tuple[DivergedSource, ...]:
    """The sources that had diverged when code cell `first` began, each with where it was first used so.

    A second plain run tells best what diverges by itself; the first varied one must do where there is none.
    """
    if first is None:
        return ()
    left, right = runs[0], runs[-1]
    found: dict[str, DivergedSource] = {}
    for index in range(first + 1):
        one, two = left.records[index], right.records[index]
        if one is None or two is None:
            continue
        for name in dict.fromkeys((*one.draws, *one.appeared)):
            if name in found or not _used_apart(one, two, name):
                continue
            found[name] = DivergedSource(
                name=name,
                kind=one.kinds.get(name, ""),
                cell=index,
                made=name in one.appeared and name in one.kinds,
                drawn_here=index == first,
            )
    return tuple(source for source in found.values() if _still_apart(left, right, first, source))


def _used_apart(one: CellRecord, two: CellRecord, name: str) -> bool:
    if name in one.draws and _entered_apart(one, two, name):
        return True
    # A generator that the cell itself makes is unseeded when two runs make different ones; a library's global
    # stream that merely appears (the library was imported) has not been used yet.
    used = name in one.draws or name in one.kinds
    return used and name in one.appeared and _made_apart(one, two, name)


def _still_apart(left: Run, right: Run, first: int, source: DivergedSource) -> bool:
    """Whether the state was still apart when the divergent cell began: a later seeding may have mended it."""
    one, two = left.records[first], right.records[first]
    if one is None or two is None or source.drawn_here:
        return True
    return _entered_apart(one, two, source.name) or source.name not in one.before


def _entered_apart(one: CellRecord, two: CellRecord, name: str) -> bool:
    if name == JAX:
        return one.keys != two.keys
    a, b = one.before.get(name), two.before.get(name)
    return a is not None and b is not None and a != b


def _made_apart(one: CellRecord, two: CellRecord, name: str) -> bool:
    a, b = one.after.get(name), two.after.get(name)
    return name in one.appeared and a is not None and b is not None and a != b


def draw_findings(path: str, run: Run) -> tuple[Finding, ...]:
    """Remarks that the records of one run give rise to."""
    recorded = [(index, record) for index, record in enumerate(run.records) if record is not None]
    between = [
        _drawn_between(Place(path=path, cell=index), name)
        for index, record in recorded
        for name in record.between
    ]
    incomplete = [
        _incomplete(Place(path=path, cell=index), record.recorder_error)
        for index, record in recorded
        if record.recorder_error is not None
    ]
    return (*between, *incomplete)


def _drawn_between(place: Place, name: str) -> Finding:
    return Finding(
        code="draw-between-cells",
        severity=Severity.WARNING,
        message=f"{name} advanced between code cell {place.cell} and the one before it",
        place=place,
        evidence="its fingerprint when the cell began is not the one with which the previous cell ended",
        fix="a thread, a timer or a widget draws; give it a generator of its own",
    )


def _incomplete(place: Place, error: str) -> Finding:
    return Finding(
        code="recorder-failed",
        severity=Severity.WARNING,
        message=f"the record of code cell {place.cell} is incomplete",
        place=place,
        evidence=error,
    )
