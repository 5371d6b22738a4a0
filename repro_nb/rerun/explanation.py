"""Why cells differ or fail: the experiment for what differs from run to run, the diagnoses for the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from repro_nb.findings import Finding, Place, Severity
from repro_nb.probe.factors import factors
from repro_nb.rerun import judge
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.diagnoses import Case, diagnose
from repro_nb.rerun.experiment import Experiment, traces_of
from repro_nb.rerun.result import UNEXPLAINED
from repro_nb.rerun.vary import Plan, pinned, plain

if TYPE_CHECKING:
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.result import Cause
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.saved import SavedOutputs

__all__ = ["Explanation", "Seen", "explanation"]

_MOST_PARTS = 12
"""How many parts of an order of cells are told."""


_CONFIRMING = 2
"""Runs that look again at what was found."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen before the experiment. Cells are indices over code cells.

    Attributes:
        runs: The runs that were made: a plain one first, then one with every factor varied.
        between: Cells that differ between them.
    """

    runs: tuple[Run, ...] = ()
    between: frozenset[int] = frozenset()

    @property
    def together(self) -> Run | None:
        """The run in which every factor is varied."""
        return next((run for run in self.runs if run.launch.variation.values), None)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What was found out.

    Attributes:
        causes: Why cells differ or fail, by cell.
        skipped: Why nothing was found out: it would take longer than the budget allows.
        reference: The run with every factor pinned that the others were compared with; None where none was needed.
    """

    causes: tuple[Cause, ...] = ()
    skipped: Finding | None = None
    reference: Run | None = None


async def explanation(
    bench: Bench,
    saved: SavedOutputs,
    progress: Progress,
    seen: Seen,
    references: tuple[Run, Run] | None = None,
) -> Explanation:
    """Find out why cells differ or fail.

    Args:
        bench: Makes the runs.
        saved: The saved outputs.
        progress: Told what it will take, before it begins.
        seen: What is known already.
        references: Two runs with every factor pinned; they are made where there are none.
    """
    before = references or seen.runs
    if _cannot_end(before) or (seen.runs and not seen.between):
        return Explanation(causes=await _diagnosed(bench, saved, before, frozenset()))
    # Before the first pinned run nobody knows which factors are at work: it counts those that may be.
    watched = before[0] if references else seen.together or before[0]
    further = _CONFIRMING if references else 2 + _CONFIRMING
    skipped = _too_long(bench, watched, progress, further)
    if skipped is not None:
        return Explanation(skipped=skipped)
    if references is None:
        references = await _references(bench)
    plain_run, free = seen.runs[0] if seen.runs else None, None
    if references[0].failure is not None:
        if plain_run is None:
            plain_run = await bench.one(Order(plan=plain, with_environment=True))
        if not _fails_alike((references[0], plain_run)):
            # It runs, but not by the clock that the pinned runs have: files keep the true time.
            free = {"clock": "the notebook does not run with it held"}
            references = await _references(bench, free)
    experiment = Experiment(bench, *references, free)
    causes = await experiment.causes(seen.between, seen.together)
    rest = await _diagnosed(
        bench, saved, seen.runs or references, seen.between | experiment.affected
    )
    failure = (seen.runs or references)[0].failure
    return Explanation(
        causes=_together(causes, rest, None if failure is None else failure.cell),
        reference=references[0],
    )


def _together(
    proved: Sequence[Cause], diagnosed: Sequence[Cause], failing: int | None
) -> tuple[Cause, ...]:
    """The causes of the experiment and those of the diagnoses, by cell: one answer where both speak of one thing.

    Args:
        proved: What the experiment found.
        diagnosed: What the diagnoses found.
        failing: The cell that raises in every run: the diagnoses know more of it.
    """
    told = {(cause.cell, cause.factor) for cause in diagnosed}
    spoken_for = {cause.cell for cause in diagnosed if cause.cell == failing}
    kept = [
        cause
        for cause in proved
        if not (cause.factor == UNEXPLAINED and cause.cell in spoken_for)
        # What is missing is missing at another place too, under another name.
        and not (cause.factor == "working-directory" and (cause.cell, "missing-file") in told)
    ]
    known = {cell for cause in kept for cell in (cause.cell, *cause.inherited_by)}
    new = [
        cause
        for cause in diagnosed
        if cause.factor != UNEXPLAINED or cause.cell not in known or cause.cell == failing
    ]
    return tuple(sorted((*kept, *new), key=lambda cause: cause.cell))


async def _references(bench: Bench, free: Mapping[str, str] | None = None) -> tuple[Run, Run]:
    """Two runs with every factor pinned, but those in `free`."""
    one = Order(plan=pinned(free=free), with_environment=True)
    first, second = await bench.together(one, replace(one, with_environment=False))
    return first, second


def _cannot_end(runs: Sequence[Run]) -> bool:
    """Whether the notebook ran into a limit, or ended its kernel: further runs would do so too."""
    return any(run.failure is not None and run.failure.exit_code != 1 for run in runs[:2])


def _fails_alike(runs: Sequence[Run]) -> bool:
    """Whether every run fails in the same cell in the same way: no factor makes that."""
    failures = [run.failure for run in runs]
    first = failures[0]
    if first is None or first.cell is None:
        return False
    return first.exit_code != 1 or all(
        other is not None and (other.cell, other.type) == (first.cell, first.type)
        for other in failures
    )


def _too_long(bench: Bench, first: Run, progress: Progress, further: int) -> Finding | None:
    """Tell what it will take; a remark instead where that is more than the user gives it."""
    active = sum(factor.is_active(traces_of(bench.notebook, first)) for factor in factors())
    runs = further + active
    seconds = math.ceil(runs / bench.at_once) * first.seconds
    budget = bench.options.budget
    if budget is None or seconds <= budget:
        progress.explanation_planned(bench.notebook.path, runs, seconds)
        return None
    return Finding(
        code="explanation-skipped",
        severity=Severity.NOTE,
        message=f"why cells differ was not looked into: it would take about {seconds:.0f} s, "
        f"and the budget is {budget:.0f} s",
        place=Place(path=str(bench.notebook.path)),
        evidence=f"one run took {first.seconds:.0f} s, and up to {runs} more are needed",
        fix=f"give it the time: `repro-nb explain NOTEBOOK --budget {math.ceil(seconds * 1.5)}`",
    )


async def _diagnosed(
    bench: Bench, saved: SavedOutputs, runs: Sequence[Run], unsteady: frozenset[int]
) -> tuple[Cause, ...]:
    """What the diagnoses say of the first of `runs`, as far as cells are not known to differ by themselves."""
    run, options = runs[0], bench.options
    against_saved = judge.compare_with_saved(bench.notebook, saved, run, options)
    # One run alone does not tell what it would give the next time.
    compared = len(runs) > 1
    differs = tuple(
        cell for cell in judge.divergent(against_saved) if compared and cell not in unsteady
    )
    failing = {run.failure.cell} if run.failure is not None and _fails_alike(runs) else set()
    if not differs and not failing:
        return ()
    case = Case(
        notebook=bench.notebook,
        saved=saved,
        run=run,
        differs=differs,
        options=options,
        rerun=_Again(bench, run),
        explained=frozenset(unsteady - failing),
    )
    return await diagnose(case)


@dataclass(frozen=True)
class _Again:
    """Makes a run once more, with other cells or texts."""

    bench: Bench
    run: Run

    async def __call__(self, order: Sequence[int], sources: Mapping[int, str] | None = None) -> Run:
        if self.run.launch.variation.is_plain:
            plan: Plan = plain
        else:
            plan = pinned()
        texts = sources or {}
        return await self.bench.one(
            Order(plan=plan, cells=order, sources=texts, altered=_altered(order, texts))
        )


def _altered(order: Sequence[int], sources: Mapping[int, str]) -> str:
    """How such a run departs from the notebook: ``cells in the order 0, 2, 1``."""
    told = f"another text in {_cells(sorted(sources))}" if sources else ""
    if list(order) == list(range(len(order))):
        return told or f"its first {len(order)} cells"
    asked = f"cells in the order {_listed(order)}"
    return f"{asked}, {told}" if told else asked


def _cells(indices: Sequence[int]) -> str:
    return f"cell {indices[0]}" if len(indices) == 1 else f"cells {_listed(indices)}"


def _listed(indices: Sequence[int]) -> str:
    """Numbers as a reader takes them in, those in a row together: ``0 to 3, 5, 4``."""
    rows: list[list[int]] = []
    for index in indices:
        if rows and index == rows[-1][-1] + 1:
            rows[-1].append(index)
        else:
            rows.append([index])
    parts = [_row(row) for row in rows]
    return ", ".join(parts if len(parts) <= _MOST_PARTS else [*parts[:_MOST_PARTS], "…"])


def _row(row: Sequence[int]) -> str:
    if len(row) > 2:  # noqa: PLR2004 - two are as short with a comma
        return f"{row[0]} to {row[-1]}"
    return ", ".join(map(str, row))
