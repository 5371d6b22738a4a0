"""A name that is not defined: where it is defined, or was."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import Advice, cells_named, failure_cause, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.history_of_runs import execution_counts, was_run
from repro_nb.rerun.diagnoses.names import missing_beside, names_of
from repro_nb.rerun.diagnoses.well_known_names import IMPORTS, PLACES, PYLAB
from repro_nb.rerun.result import CellStatus

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["MissingName"]

_UNDEFINED = re.compile(r"(?:global )?name '(?P<name>\w+)' is not defined")

_ALIKE = 0.75
"""How much alike a name must be to one that is defined, to be called a slip."""


@dataclass(frozen=True)
class MissingName:
    """NameErrors: what defines the name, only too late, elsewhere, or no more."""

    name: str = "missing-name"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a NameError."""
        failure = case.failure
        match = (
            _UNDEFINED.match(failure.message) if failure and failure.type == "NameError" else None
        )
        if failure is None or failure.cell is None or match is None:
            return ()
        name, cell = match["name"], failure.cell
        ways = (_later, _skipped, _alike, _known, _hidden, _from_elsewhere)
        found = next(
            filter(None, (way(case, name, cell) for way in ways)), _deleted(case, name, cell)
        )
        origin = failure_origin(case) or line_with(case, cell, rf"\b{name}\b")
        others = [] if origin is None else missing_beside(case, name, origin)
        evidence, fix = _with_others(case, found, others)
        return [failure_cause(case, "missing-name", evidence, fix, origin)]


def _with_others(case: Case, found: Advice, others: Sequence[str]) -> tuple[str, str]:
    """The advice on the first name, and on what else the same statement lacks."""
    if not others:
        return found.evidence, found.fix
    evidence = f"{found.evidence} The same statement needs {_listed(others)}, which no cell before it defines either."
    fixes = [found.fix]
    for name in others:
        known = _known(case, name, 0)
        fixes.append(f"Define {name} before this cell." if known is None else known.fix)
    return evidence, " ".join(fixes)


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _binding(case: Case, name: str, cells: Iterable[int]) -> list[int]:
    return [cell for cell in cells if name in names_of(case.cells[cell].source).binds]


def _later(case: Case, name: str, cell: int) -> Advice | None:
    after = _binding(case, name, range(cell, len(case.cells)))
    if not after or _binding(case, name, range(cell)):
        return None
    if after[0] == cell:
        return Advice(
            f"Cell {cell} defines {name} only after it has used it, and no cell before does: it was"
            " left over from an earlier run of the cell.",
            f"Define {name} before the line that uses it.",
        )
    evidence = f"{name} is defined only in a later cell: {cells_named(after)}."
    return Advice(evidence, f"Move cell {after[0]} above cell {cell}.")


def _skipped(case: Case, name: str, cell: int) -> Advice | None:
    before = _binding(case, name, range(cell))
    if not before:
        return None
    last = before[-1]
    if case.run.statuses[last] is CellStatus.SKIPPED:
        evidence = f"Cell {last} defines {name}, and the notebook asks for that cell to be skipped."
        return Advice(evidence, f"Let cell {last} run, or define {name} elsewhere.")
    evidence = (
        f"Cell {last} defines {name} on some of its branches only, or deletes it again:"
        " in this run it was not there."
    )
    return Advice(evidence, f"Define {name} on every way through cell {last}.")


def _alike(case: Case, name: str, cell: int) -> Advice | None:
    """A name that is defined before and looks much the same: one of the two is a slip."""
    bound = {
        each for before in range(cell + 1) for each in names_of(case.cells[before].source).binds
    }
    close = get_close_matches(name, bound, n=1, cutoff=_ALIKE) if len(name) > 2 else []  # noqa: PLR2004  one letter is like any other
    if not close or IMPORTS.get(name) or name in PLACES:
        return None
    known = close[0]
    place = _binding(case, known, range(cell + 1))[-1]
    evidence = f"No cell defines {name}; cell {place} defines {known}, which looks much like it."
    return Advice(evidence, f"Write {known} instead of {name}, or the other way round.")


def _known(_: Case, name: str, __: int) -> Advice | None:
    if name in PLACES:
        evidence = f"{name} is given by other places than a plain kernel: {PLACES[name]}."
        return Advice(evidence, f"Define {name} in the notebook, or guard the lines that use it.")
    if name in IMPORTS:
        evidence = f"No cell before this one imports {name}."
        return Advice(evidence, f"Add `{IMPORTS[name]}` to the first cell.")
    if name in PYLAB:
        evidence = (
            f"No cell defines {name}. It is one of pylab's names, which older versions of IPython gave"
            " to every notebook when they were started with --pylab."
        )
        return Advice(evidence, "Add `%pylab inline`, or import the name from numpy or matplotlib.")
    return None


def _hidden(case: Case, name: str, cell: int) -> Advice | None:
    within = [
        before
        for before in range(cell + 1)
        if name in names_of(case.cells[before].source).inner and not hasattr(builtins, name)
    ]
    if not within or was_run(case, cell):
        return None
    evidence = (
        f"{name} is bound inside a function in cell {within[-1]} alone, and not for the notebook."
    )
    return Advice(evidence, f"Return {name} from that function, and bind the result.")


def _from_elsewhere(case: Case, name: str, cell: int) -> Advice | None:
    before = [names_of(each.source) for each in case.cells[: cell + 1]]
    stars = [module for names in before for module in names.stars]
    if stars:
        listed = ", ".join(f"`from {module} import *`" for module in stars)
        evidence = (
            f"No cell defines {name} by name; it may have come from {listed} of another version."
        )
        return Advice(evidence, f"Import {name} by its name from where it is.")
    opaque = [index for index, names in enumerate(before) if names.opaque and index != cell]
    if not opaque:
        return None
    evidence = (
        f"No cell defines {name} in what can be read; {cells_named(opaque)} may once have done so."
    )
    return Advice(evidence, f"Define {name} in a cell before this one.")


def _deleted(case: Case, name: str, cell: int) -> Advice:
    evidence = f"No cell defines {name}."
    if was_run(case, cell):
        evidence += (
            f" Cell {cell} has a saved output all the same: what defined it is no longer there."
        )
        gaps = execution_counts(case).lost_before(cell)
        if gaps:
            plural = "runs" if gaps > 1 else "run"
            evidence += f" The execution counts lack {gaps} {plural} before that cell."
    return Advice(evidence, f"Define {name} in a cell before cell {cell}.")
