"""The random state of one run against another's: which sources diverged, and where that began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from repro_nb.records import JAX
from repro_nb.rerun.result import DivergedSource

if TYPE_CHECKING:
    from repro_nb.records import CellRecord
    from repro_nb.rerun.runner import Run

__all__ = ["diverged_sources", "floating_sources", "unseeded_sources"]

_KEY_KIND = "jax key"


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


def diverged_sources(runs: Sequence[Run], cell: int | None) -> tuple[DivergedSource, ...]:
    """The sources that had diverged when code cell `cell` began, or that it draws from in such a state.

    A second plain run tells best what diverges by itself; the first varied one must do where there is none.
    """
    if cell is None:
        return ()
    left, right = runs[0], runs[-1]
    found = _used_apart(left, right, cell)
    return tuple(source for source in found if _still_apart(left, right, cell, source))


def unseeded_sources(runs: Sequence[Run]) -> tuple[DivergedSource, ...]:
    """The sources that any cell draws from in a state that differs from run to run."""
    last = len(runs[0].records) - 1
    records = [record for record in runs[0].records if record is not None]
    # A source that something else draws from between the cells is told of as that.
    between = {name for record in records for name in record.between}
    found = _used_apart(runs[0], runs[-1], last)
    return tuple(s for s in found if s.name not in between and _is_drawn_apart(runs, s.name))


def _is_drawn_apart(runs: Sequence[Run], name: str) -> bool:
    """Whether any cell draws from the source in another state than in the other run, though the outputs agree.

    A cell that seeds it with the same value in both runs draws after that: its outputs agree.
    """
    for one, two in zip(runs[0].records, runs[-1].records, strict=True):
        if one is None or two is None or name not in one.draws:
            continue
        seeded_alike = (
            name in one.seeded and name in two.seeded and not _apart(one.after, two.after, name)
        )
        if not seeded_alike and (_entered_apart(one, two, name) or _made_apart(one, two, name)):
            return True
    return False


def _used_apart(left: Run, right: Run, last: int) -> tuple[DivergedSource, ...]:
    """Each source that a cell up to `last` used in another state than in the other run, and the first such cell."""
    found: dict[str, DivergedSource] = {}
    pairs = list(zip(left.records, right.records, strict=True))[: last + 1]
    drawn_between = {name for one, _ in pairs if one is not None for name in one.between}
    for index, (one, two) in enumerate(pairs):
        if one is None or two is None:
            continue
        for name in dict.fromkeys((*one.seeded, *one.appeared, *one.draws)):
            how = _deed(one, two, name)
            kind = one.kinds.get(name, "")
            if how is None or name in found or (how == "seeded" and name in drawn_between):
                continue
            if kind.startswith(_KEY_KIND):
                if any(other.kind.startswith(_KEY_KIND) for other in found.values()):
                    continue  # split from the one that is named already
                how = "seeded"
            found[name] = DivergedSource(
                name=name,
                kind=kind,
                cell=index,
                how=how,
                drawn_here=index == last and name in one.draws,
                rebuilt_by=_rebuilt_by(one, name) if how == "made" else "",
            )
    return tuple(found.values())


def _rebuilt_by(record: CellRecord, name: str) -> str:
    origin = record.origins.get(name)
    return "" if origin is None else origin.expression(record.kinds.get(name, ""))


def _deed(one: CellRecord, two: CellRecord, name: str) -> str | None:
    """What a cell did to a source that left it apart; None when it did nothing of the kind."""
    ended_apart = _apart(one.after, two.after, name)
    if name in one.seeded and name in two.seeded and ended_apart:
        return "seeded"
    # A library's global stream that merely appears (the library was imported) has not been used yet.
    if name in one.appeared and name in one.kinds and ended_apart:
        return "made"
    if name in one.draws and (_entered_apart(one, two, name) or _made_apart(one, two, name)):
        return "drawn"
    return None


def _still_apart(left: Run, right: Run, cell: int, source: DivergedSource) -> bool:
    """Whether the state was still apart when `cell` began: a later seeding may have mended it."""
    one, two = left.records[cell], right.records[cell]
    if one is None or two is None or source.drawn_here:
        return True
    return _entered_apart(one, two, source.name) or source.name not in one.before


def _entered_apart(one: CellRecord, two: CellRecord, name: str) -> bool:
    if name == JAX:
        return one.keys != two.keys
    return _apart(one.before, two.before, name)


def _made_apart(one: CellRecord, two: CellRecord, name: str) -> bool:
    return name in one.appeared and _apart(one.after, two.after, name)


def _apart(one: Mapping[str, str | None], two: Mapping[str, str | None], name: str) -> bool:
    """Whether both know the source's state, and it is another."""
    a, b = one.get(name), two.get(name)
    return a is not None and b is not None and a != b
