"""Causes with their place: which cell each begins at, which cells inherit it, and the line that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repro_nb.rerun.attribution import sentences
from repro_nb.rerun.attribution.facts import Facts, Line
from repro_nb.rerun.attribution.origins import Found, Origins
from repro_nb.rerun.dataflow import depends_on_all
from repro_nb.rerun.result import UNEXPLAINED, Cause, Grade, Origin
from repro_nb.rng import sources

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.runner import Run

__all__ = ["attribute", "race", "unexplained", "unsteady_use"]

_THREADS = "threads"
_RACE = "race"
_STARTED = "started threads"
_NETWORK = "network"
# Compiled code reads the clock and asks for bits unseen, and where objects lie follows the kernel's threads, too.
_OUT_OF_REACH = ("clock", "os-entropy", "process")
_RACE_FIX = (
    "Give the results an order of their own, such as `pool.map` or `sorted(…)` where they are collected as they come, "
    "or run the cell with one thread (`%%deterministic --threads 1`)."
)


@dataclass
class _Draft:
    """A cause in the making: a cell that differs, the line that it comes from, and the cells that inherit it."""

    cell: int
    found: Found | None
    inherited: list[int] = field(default_factory=list)


def attribute(
    notebook: Notebook, factor: str, reference: Run, varied: Run, differing: Sequence[int]
) -> tuple[Cause, ...]:
    """The causes that a factor, varied alone, brings in; each at the first cell where it bites.

    Args:
        notebook: What ran.
        factor: The factor's public name.
        reference: The run with every factor pinned.
        varied: The run with this one varied.
        differing: Indices of the cells that differ between the two.

    Returns:
        One cause for each line through which the factor comes in anew; every differing cell is the cell of one of
        them, or inherits it.
    """
    facts = Facts(notebook, factor, reference, varied)
    origins = Origins(facts)
    drafts: list[_Draft] = []
    for cell in sorted(differing):
        giver, found = _giver(facts, origins, drafts, cell)
        if giver is None:
            drafts.append(_Draft(cell, found))
        else:
            giver.inherited.append(cell)
    return tuple(_proved(facts, draft) for draft in drafts)


def race(notebook: Notebook, reference: Run, cells: Sequence[int]) -> tuple[Cause, ...]:
    """Threads race: two pinned runs at two threads differ in `cells`, and two at one thread do not."""
    facts = Facts(notebook, _RACE, reference, reference)
    origins = Origins(facts)
    return tuple(
        Cause(
            cell=draft.cell,
            factor=_THREADS,
            grade=Grade.PROVED,
            evidence=(
                f"Two runs with every factor pinned differ in cell {draft.cell} where there are two threads; with one "
                "thread, two runs agree."
            ),
            fix=_RACE_FIX,
            origin=_origin(facts, origins.of(draft.cell)),
            floating=True,
            inherited_by=tuple(draft.inherited),
        )
        for draft in _chains(notebook, cells)
    )


def unsteady_use(notebook: Notebook, reference: Run, cells: Sequence[int]) -> tuple[Cause, ...]:
    """What was seen in `cells`, in which two pinned runs differ, of factors that could not be pinned: grade observed.

    The network always; others where the reference says that it could not pin them. Empty where nothing was seen; else
    cells that it does not reach are unexplained.
    """
    causes: list[Cause] = []
    left = list(cells)
    unpinned = tuple(_unpinned(reference))
    for factor in (*unpinned, *_OUT_OF_REACH):
        facts = Facts(notebook, factor, reference, reference)
        origins = Origins(facts)
        for draft in _chains(notebook, left):
            found = origins.of(draft.cell)
            if found is not None and _tells(found, pinned=factor not in unpinned):
                causes.append(_observed(facts, draft, found))
                left = [cell for cell in left if cell not in (draft.cell, *draft.inherited)]
    if not causes or not left:
        return tuple(causes)
    return (*causes, *unexplained(notebook, left, "two runs with every factor pinned differ"))


def unexplained(notebook: Notebook, cells: Sequence[int], why: str) -> tuple[Cause, ...]:
    """Cells that differ, and nobody knows why: the first of each chain of cells that depend on one another.

    Where the code takes results as threads or processes give them, these are suspected.
    """
    return tuple(
        _suspected_race(notebook, draft, why)
        or Cause(
            cell=draft.cell,
            factor=UNEXPLAINED,
            grade=Grade.OBSERVED,
            evidence=sentences.sentence(why),
            inherited_by=tuple(draft.inherited),
        )
        for draft in _chains(notebook, cells)
    )


def _suspected_race(notebook: Notebook, draft: _Draft, why: str) -> Cause | None:
    """Threads as the likely cause, by a line that takes results as they come, else by one that starts threads."""
    for words, deed in (
        (_RACE, "takes results in the order in which they are ready"),
        (_STARTED, "starts work that goes on beside the cell"),
    ):
        facts = Facts(notebook, words)
        origins = Origins(facts)
        found = origins.of(draft.cell)
        if found is None or not found.sure:
            found = origins.sharing(draft.cell) if words == _STARTED else None
        if found is not None:
            line = f"line {found.line.number} of cell {found.line.cell}"
            return Cause(
                cell=draft.cell,
                factor=_THREADS,
                grade=Grade.SUSPECTED,
                evidence=sentences.sentence(
                    f"{why}. {sentences.sentence(f'{line} {deed}')} Which comes first cannot be pinned"
                ),
                fix=_RACE_FIX,
                origin=_origin(facts, found),
                inherited_by=tuple(draft.inherited),
            )
    return None


def _giver(
    facts: Facts, origins: Origins, drafts: Sequence[_Draft], cell: int
) -> tuple[_Draft | None, Found | None]:
    """The cause that `cell` inherits; None, with the line, where the factor comes in anew."""
    if not drafts:
        return None, origins.of(cell)
    if facts.factor in {source.name for source in sources()}:
        return drafts[0], None  # one stream: whoever draws later draws what the first has left
    above = [draft for draft in drafts if _reaches(origins, draft, cell)]
    known = {draft.found.line for draft in drafts if draft.found is not None}
    anew = origins.of(cell, known)
    if anew is not None and anew.sure and (not above or _moment(anew) > above[-1].cell):
        return None, anew
    return (above or drafts)[-1 if above else 0], None


def _reaches(origins: Origins, draft: _Draft, cell: int) -> bool:
    return draft.found is not None and origins.reaches(draft.found.line, cell)


def _moment(found: Found) -> int:
    """The cell that ran when the factor came in."""
    return found.line.cell if found.use is None else found.use.during


def _proved(facts: Facts, draft: _Draft) -> Cause:
    known = sentences.factor_named(facts.factor)
    return Cause(
        cell=draft.cell,
        factor=facts.factor,
        grade=Grade.PROVED,
        evidence=sentences.proof(facts, draft.cell, draft.found),
        fix=sentences.remedy(facts, draft.found, (draft.cell, *draft.inherited)),
        origin=_origin(facts, draft.found),
        floating=known is None or known.floating,
        inherited_by=tuple(draft.inherited),
    )


def _observed(facts: Facts, draft: _Draft, found: Found) -> Cause:
    known = sentences.factor_named(facts.factor)
    return Cause(
        cell=draft.cell,
        factor=facts.factor,
        grade=Grade.SUSPECTED if found.use is None else Grade.OBSERVED,
        evidence=(
            f"Two runs differ in cell {draft.cell} with everything pinned that can be. "
            f"{sentences.observed(facts, found)}"
        ),
        fix=sentences.remedy(facts, found, (draft.cell, *draft.inherited)),
        origin=_origin(facts, found),
        floating=known is None or known.floating,
        inherited_by=tuple(draft.inherited),
    )


def _origin(facts: Facts, found: Found | None) -> Origin | None:
    if found is None:
        return None
    line: Line = found.line
    return Origin(cell=line.cell, line=line.number, code=facts.code(line), seen=found.sure)


def _unpinned(reference: Run) -> Iterator[str]:
    yield _NETWORK
    for told in reference.launch.variation.not_pinned:
        yield told.partition(":")[0]


def _tells(found: Found, *, pinned: bool) -> bool:
    """Whether the line can be why two runs differ: what a watch saw of a pinned factor was held."""
    return found.sure and found.use is None if pinned else found.use is not None


def _chains(notebook: Notebook, cells: Sequence[int]) -> list[_Draft]:
    """The first cell of each chain of cells that depend on one another, with the rest of the chain."""
    before = depends_on_all([cell.source for cell in notebook.code_cells])
    drafts: list[_Draft] = []
    for cell in sorted(cells):
        above = next((d for d in drafts if {d.cell, *d.inherited} & before[cell]), None)
        if above is None:
            drafts.append(_Draft(cell, None))
        else:
            above.inherited.append(cell)
    return drafts
