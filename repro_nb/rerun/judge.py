"""From runs to a verdict: every comparison of every cell, and what they add up to. Nothing is executed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from repro_nb.recording.compare import CompareOptions, compare_outputs, ignore_outputs
from repro_nb.recording.outcome import CellComparison, Outcome, worst
from repro_nb.rerun.result import CellResult, Coverage, RunToRun, Saved

if TYPE_CHECKING:
    from repro_nb.records import CellRecord
    from repro_nb.rerun.notebook import CodeCell, Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.saved import SavedOutputs

__all__ = [
    "Comparisons",
    "compare_runs",
    "compare_with_saved",
    "count_coverage",
    "divergent",
    "summarise_cells",
    "summarise_runs",
    "summarise_saved",
]

Comparisons = tuple[CellComparison | None, ...]


def compare_runs(notebook: Notebook, left: Run, right: Run, options: VerifyOptions) -> Comparisons:
    """Compare two runs, cell by cell; None for a cell that one of them did not reach."""
    compare = options.compare_options(left.private_paths + right.private_paths)
    return tuple(
        None if old is None or new is None else _compare_cell(cell, old, new, compare)
        for cell, old, new in zip(notebook.code_cells, left.outputs, right.outputs, strict=True)
    )


def compare_with_saved(
    notebook: Notebook, saved: SavedOutputs, run: Run, options: VerifyOptions
) -> Comparisons:
    """Compare a run with the saved outputs; None for a cell that it did not reach, or of which nothing is saved."""
    compare = options.compare_options(run.private_paths)
    return tuple(
        None
        if new is None or (old := saved.of(cell.index, new)) is None
        else _compare_cell(cell, old, new, compare)
        for cell, new in zip(notebook.code_cells, run.outputs, strict=True)
    )


def _compare_cell(
    cell: CodeCell, expected: Sequence[Any], actual: Sequence[Any], options: CompareOptions
) -> CellComparison:
    if cell.marker.ignore_output:
        reason = cell.marker.reason or "the cell asks for its output not to be compared"
        return ignore_outputs(expected, actual, reason)
    return compare_outputs(expected, actual, options)


def divergent(comparisons: Comparisons, other: Run | None = None) -> tuple[int, ...]:
    """Indices of the cells that do not agree.

    Args:
        comparisons: The comparison of each cell.
        other: The run that was compared with the first one, which completed: a cell that raises in it diverges
            even where its output is not to be compared.
    """
    cells = {
        index
        for index, comparison in enumerate(comparisons)
        if comparison is not None and not comparison.agrees
    }
    if other is not None and other.failure is not None and other.failure.cell is not None:
        cells.add(other.failure.cell)
    return tuple(sorted(cells))


def summarise_runs(runs: Sequence[Run], pairs: Sequence[Comparisons], *, plain: bool) -> RunToRun:
    """All comparisons of the first run with the others.

    Args:
        runs: All runs.
        pairs: The comparison of the first run with each other one.
        plain: Whether the last run is a second plain one.
    """
    completed = runs[0].failure is None
    each = [
        divergent(pair, run if completed else None)
        for pair, run in zip(pairs, runs[1:], strict=True)
    ]
    cells = sorted({index for one in each for index in one})
    return RunToRun(
        divergent_cells=tuple(cells),
        first=cells[0] if cells else None,
        plain_divergent_cells=each[-1] if plain else None,
    )


def summarise_saved(comparisons: Comparisons, saved: SavedOutputs) -> Saved:
    """The comparison with the saved outputs as a summary."""
    cells = divergent(comparisons)
    return Saved(
        divergent_cells=cells,
        first=cells[0] if cells else None,
        available=saved.available,
        origin=saved.origin,
    )


def _worst_pair(pairs: Sequence[Comparisons], index: int) -> int:
    """Of all pairs of runs, the one in which cell `index` agrees least; the first of equals."""
    order = list(Outcome)

    def badness(number: int) -> int:
        comparison = pairs[number][index]
        outcome = None if comparison is None else comparison.outcome
        return -1 if outcome is None else order.index(outcome)

    return max(range(len(pairs)), key=badness)


def summarise_cells(
    notebook: Notebook, runs: Sequence[Run], pairs: Sequence[Comparisons], saved: Comparisons
) -> tuple[CellResult, ...]:
    """Every code cell with its comparisons and draws."""
    return tuple(_summary(cell, runs, pairs, saved) for cell in notebook.code_cells)


def _summary(
    cell: CodeCell, runs: Sequence[Run], pairs: Sequence[Comparisons], saved: Comparisons
) -> CellResult:
    first, index = runs[0], cell.index
    pair = _worst_pair(pairs, index) if pairs else None
    return CellResult(
        index=index,
        id=cell.id,
        source=cell.source,
        status=first.statuses[index],
        run_to_run=None if pair is None else pairs[pair][index],
        compared_runs=(first.name, runs[0 if pair is None else pair + 1].name),
        saved=saved[index],
        draws=_draws(run.records[index] for run in runs),
        seconds=first.cell_seconds[index],
    )


def _draws(records: Iterable[CellRecord | None]) -> tuple[str, ...]:
    drawn = dict.fromkeys(name for record in records if record is not None for name in record.draws)
    return tuple(drawn)


def count_coverage(notebook: Notebook, cells: Sequence[CellResult]) -> Coverage:
    """How many outputs were compared, each with its worst comparison."""
    tally = dict.fromkeys(Outcome, 0)
    for cell, stored in zip(cells, notebook.code_cells, strict=True):
        for outcome in _output_outcomes(cell, stored):
            tally[outcome] += 1
    ignored = tally[Outcome.IGNORED]
    compared = sum(tally.values()) - ignored
    return Coverage(
        outputs=compared + ignored,
        compared=compared,
        **{outcome.value: count for outcome, count in tally.items()},
    )


def _output_outcomes(cell: CellResult, stored: CodeCell) -> list[Outcome]:
    sides = [side.outputs for side in (cell.run_to_run, cell.saved) if side is not None]
    if not sides:
        # Never reached: what it shows on paper was not compared with anything.
        return [Outcome.IGNORED] * len(stored.outputs)
    slots = zip_longest(*sides)
    found = (worst(side.outcome for side in slot if side is not None) for slot in slots)
    return [outcome for outcome in found if outcome is not None]
