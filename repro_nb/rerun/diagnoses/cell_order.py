"""Hidden state: the saved outputs come from another order of the cells than that of the document."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.dataflow import statements_of
from repro_nb.rerun.diagnoses.causing import cells_named, first_line
from repro_nb.rerun.diagnoses.history_of_runs import ExecutionCounts, execution_counts
from repro_nb.rerun.diagnoses.key_makers import asked_keys, key_maker
from repro_nb.rerun.diagnoses.names import names_of, upstream
from repro_nb.rerun.diagnoses.saved_errors import fails_as_saved
from repro_nb.rerun.judge import compare_with_saved
from repro_nb.rerun.result import Cause, CellStatus, Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Origin
    from repro_nb.rerun.runner import Run

__all__ = ["CellOrder", "reproduced"]

# An order cannot help these.
_HOPELESS = frozenset(
    {"ImportError", "IndentationError", "ModuleNotFoundError", "SyntaxError", "TabError"}
)
_MOST_REPEATS = 20
_MOST_SHOWN = 12


@dataclass(frozen=True)
class CellOrder:
    """Runs the cells as the saved execution counts tell: does that give the saved outputs, and not fail?"""

    name: str = "cell-order"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The order as a cause, proved by a run; nothing where that run goes no better."""
        counts = execution_counts(case)
        targets = [cell for cell in _targets(case) if cell in counts.counts]
        if not targets or not case.can_afford_runs:
            return ()
        for order in _orders(case, counts, targets):
            run = await case.rerun(order)
            given_back = reproduced(case, run, targets)
            cells = sorted({*given_back, *_rescued(case, run, targets)})
            if cells:
                return [_cause(case, counts, order, cells, given_back)]
        return ()


def reproduced(case: Case, run: Run, targets: Collection[int]) -> list[int]:
    """Of `targets`, the cells that end well in `run` and give their saved output."""
    comparisons = compare_with_saved(case.notebook, case.saved, run, case.options)
    found: list[int] = []
    for cell in sorted(targets):
        comparison = comparisons[cell]
        agrees = comparison is None or comparison.agrees
        if run.statuses[cell] is CellStatus.OK and agrees:
            found.append(cell)
    return found


def _rescued(case: Case, run: Run, targets: Collection[int]) -> Iterator[int]:
    """The failing cell, where it came to its end in `run`: libraries may print otherwise than when it was saved."""
    failure = case.failure
    cell = None if failure is None else failure.cell
    if cell is not None and cell in targets and run.statuses[cell] is CellStatus.OK:
        yield cell


def _targets(case: Case) -> Iterator[int]:
    failure = case.failure
    hopeful = failure is not None and failure.exit_code == 1 and failure.type not in _HOPELESS
    if failure is not None and failure.cell is not None and hopeful and not fails_as_saved(case):
        yield failure.cell
    yield from case.divergent


def _orders(
    case: Case, counts: ExecutionCounts, targets: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    """Orders worth a run, each up to the last cell that is to be explained."""
    recorded = _up_to(counts.order, targets)
    if recorded != _up_to(_as_written(case), targets):
        yield recorded
    repeats = {
        cell: gap
        for cell in recorded
        if (gap := counts.gap_before(cell)) and gap <= _MOST_REPEATS and _changes_itself(case, cell)
    }
    if repeats and case.divergent:
        yield _repeated(recorded, repeats)
        if max(repeats.values()) > 1:
            yield _repeated(recorded, dict.fromkeys(repeats, 1))


def _as_written(case: Case) -> tuple[int, ...]:
    return tuple(cell.index for cell in case.cells if cell.source.strip() and not cell.marker.skip)


def _up_to(order: Sequence[int], targets: Sequence[int]) -> tuple[int, ...]:
    last = max((order.index(cell) for cell in targets if cell in order), default=-1)
    return tuple(order[: last + 1])


def _changes_itself(case: Case, cell: int) -> bool:
    """Whether a cell builds on what it changes, so that a second run of it gives something else."""
    statements = statements_of(case.cells[cell].source) or ()
    needs = names_of(case.cells[cell].source).needs
    return any((each.binds | each.changes) & needs for each in statements)


def _repeated(order: Sequence[int], repeats: dict[int, int]) -> tuple[int, ...]:
    return tuple(cell for cell in order for _ in range(1 + repeats.get(cell, 0)))


def _cause(
    case: Case,
    counts: ExecutionCounts,
    order: Sequence[int],
    cells: Sequence[int],
    given_back: Sequence[int],
) -> Cause:
    first, *later = cells
    again = {cell: order.count(cell) for cell in order if order.count(cell) > 1}
    made = _made_later(case, order, first)
    evidence = (
        f"In the order of the saved execution counts ({_listed(order)}) {_then(cells, given_back)};"
        f" from the top they {_as_it_is(case, first)}."
    )
    return Cause(
        cell=first,
        factor="cell-order",
        grade=Grade.PROVED,
        evidence=f"{evidence}{_maker_named(made)}{_doubts(case, counts)}",
        fix=_fix(case, order, first, made, again),
        origin=None if made is None else made[1],
        floating=False,
        inherited_by=tuple(later),
    )


def _then(cells: Sequence[int], given_back: Sequence[int]) -> str:
    rescued = [cell for cell in cells if cell not in given_back]
    parts = [f"give the saved output of {cells_named(given_back)}"] if given_back else []
    parts += [f"come to the end of {cells_named(rescued)}"] if rescued else []
    return f"the cells {' and '.join(parts)}"


def _as_it_is(case: Case, first: int) -> str:
    failure = case.failure
    if failure is None or failure.cell != first:
        return "do not"
    return f"raise {failure.type}: {first_line(failure.message, 120)}"


def _made_later(case: Case, order: Sequence[int], cell: int) -> tuple[str, Origin] | None:
    """The column or attribute that the failing `cell` lacks, and the later line that made it in `order`."""
    failure = case.failure
    if failure is None or failure.cell != cell:
        return None
    made = key_maker(case, asked_keys(failure), cell)
    return made if made is not None and made[1].cell in order else None


def _maker_named(made: tuple[str, Origin] | None) -> str:
    return "" if made is None else f" Line {made[1].line} of cell {made[1].cell} makes {made[0]!r}."


def _fix(
    case: Case,
    order: Sequence[int],
    first: int,
    made: tuple[str, Origin] | None,
    again: dict[int, int],
) -> str:
    if again:
        return _fix_repeats(again)
    if made is not None:
        return f"Move cell {made[1].cell} above cell {first}."
    return _fix_moves(case, order, first)


def _listed(order: Sequence[int]) -> str:
    shown = ", ".join(map(str, order[:_MOST_SHOWN]))
    return f"{shown}, …" if len(order) > _MOST_SHOWN else shown


def _doubts(case: Case, counts: ExecutionCounts) -> str:
    """What the counts leave open."""
    never = [cell for cell in _as_written(case) if cell not in counts.counts]
    parts = []
    if never:
        parts.append(f"Without a count, and so left out: {cells_named(never)}.")
    if counts.repeats:
        parts.append("Some counts are there twice: the outputs come from more than one session.")
    return "".join(f" {part}" for part in parts)


def _fix_repeats(again: dict[int, int]) -> str:
    parts = ", ".join(f"cell {cell} {times} times" for cell, times in again.items())
    return (
        f"The session ran {parts}: let one run of the cell do all of it, or bind a new name in it."
    )


def _fix_moves(case: Case, order: Sequence[int], first: int) -> str:
    """The moves that bring the cells which `first` depends on into the order that they ran in."""
    place = {cell: number for number, cell in enumerate(order)}
    needed = set(names_of(case.cells[first].source).needs).union(
        *(names_of(case.cells[cell].source).needs for cell in upstream(case.cells, first))
    )
    moves: list[str] = []
    for cell in sorted(place):
        if not _gives(case, cell) & needed:
            continue
        if cell > first and place[cell] < place[first]:
            moves.append(f"move cell {cell} above cell {first}")
        elif cell < first and place[cell] > place[first]:
            moves.append(f"move cell {cell} below cell {first}")
    if not moves:
        return f"Put the cells into the order {_listed(order)}."
    text = ", and ".join(moves)
    return f"{text[0].upper()}{text[1:]}."


def _gives(case: Case, cell: int) -> frozenset[str]:
    statements = statements_of(case.cells[cell].source) or ()
    return frozenset().union(*(each.binds | each.changes for each in statements))
