"""One notebook under examination: which runs are made, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from repro_nb.rerun import judge
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.explanation import Explanation, Seen, explanation
from repro_nb.rerun.keep import save_executed, save_target, update_recording
from repro_nb.rerun.ladder import Evidence, climb, held_back_by
from repro_nb.rerun.random_state import diverged_sources
from repro_nb.rerun.remarks import not_written, remarks
from repro_nb.rerun.result import (
    CellResult,
    CellStatus,
    Failure,
    Level,
    NotebookResult,
    RunFacts,
    Status,
)
from repro_nb.rerun.vary import pinned, plain, varied

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.saved import SavedOutputs
    from repro_nb.rerun.stop import Stop

__all__ = ["Examination"]

_CLOCK = "clock"


@dataclass(frozen=True)
class Examination:
    """One notebook under examination."""

    path: str
    notebook: Notebook
    saved: SavedOutputs
    kernel: str
    options: VerifyOptions
    progress: Progress
    stop: Stop

    async def verified(self) -> NotebookResult:
        """Make the runs, compare them, judge; and where they fall short, find out why."""
        with ExitStack() as spaces:
            bench = self._bench(spaces)
            runs, pairs = await self._plain_and_varied(bench)
            result = self._judged(runs, pairs)
            if self.options.explain and _falls_short(result):
                seen = Seen(
                    runs=tuple(runs),
                    between=frozenset(result.run_to_run.divergent_cells),
                )
                found = await explanation(bench, self.saved, self.progress, seen)
                result = self._explained(result, found, bench)
            # While the workspaces are there: what was written through a link is looked for.
            return self._kept(result, runs)

    async def explained(self) -> NotebookResult:
        """Find out why cells differ from run to run, or from the saved outputs, by pinned runs alone."""
        with ExitStack() as spaces:
            bench = self._bench(spaces)
            reference, repeat = await bench.together(
                Order(plan=pinned(), with_environment=True), Order(plan=pinned())
            )
            found = await explanation(bench, self.saved, self.progress, Seen(), (reference, repeat))
            reference = found.reference or reference
            kin = [
                run
                for run in bench.made
                if run is not reference and not run.altered and not _is_discarded(run, reference)
            ]
            everything = len(self.notebook.code_cells)
            whole = [reference, *(run for run in kin if len(run.order) >= everything)]
            pairs = [self._compare(reference, other) for other in whole[1:]]
            floating = {
                cell
                for cause in found.causes
                if cause.floating
                for cell in (cause.cell, *cause.inherited_by)
            }
            result = self._judged(whole, pairs, floating=tuple(sorted(floating)))
            return self._explained(result, found, bench)

    def _bench(self, spaces: ExitStack) -> Bench:
        return Bench(self.notebook, self.kernel, self.options, self.progress, self.stop, spaces)

    async def _plain_and_varied(self, bench: Bench) -> tuple[list[Run], list[judge.Comparisons]]:
        # One hash seed for each run, and one for a second plain run, where there can be one.
        seeds = bench.hash_seeds(self.options.runs + (self.options.runs > 1))
        plans = [plain, *(varied(number) for number in range(self.options.runs - 1))]
        orders = [
            Order(plan=plan, hash_seed=seed, with_environment=plan is plain)
            for plan, seed in zip(plans, seeds, strict=False)
        ]
        runs = await bench.together(*orders)
        if runs[0].failure is None:
            runs[1:] = [
                await self._by_the_true_clock(bench, number, orders[1 + number], run)
                for number, run in enumerate(runs[1:])
            ]
        pairs = [self._compare(runs[0], other) for other in runs[1:]]
        if self._plain_run_is_needed(runs, pairs):
            runs.append(await bench.one(Order(plan=plain, hash_seed=seeds[-1])))
            pairs.append(self._compare(runs[0], runs[-1]))
        return runs, pairs

    async def _by_the_true_clock(self, bench: Bench, round_: int, order: Order, run: Run) -> Run:
        """A varied run that read the clock and failed, once more by the true one; it stays if that fails, too.

        Files, and child processes, have the true time always: code that compares the two may not bear another clock.
        """
        read = any(use.factor == _CLOCK for record in run.records if record for use in record.uses)
        if run.failure is None or run.failure.exit_code != 1 or not read:
            return run
        plan = varied(round_, {_CLOCK: "the notebook does not run with it held"})
        again = await bench.one(replace(order, plan=plan))
        return run if again.failure is not None else again

    def _compare(self, first: Run, other: Run) -> judge.Comparisons:
        return judge.compare_runs(self.notebook, first, other, self.options)

    def _plain_run_is_needed(self, runs: Sequence[Run], pairs: Sequence[judge.Comparisons]) -> bool:
        first, *others = runs
        if first.failure is not None or self.stop.reason is not None:
            return False
        return any(judge.divergent(*pair) for pair in zip(pairs, others, strict=True))

    def _judged(
        self,
        runs: Sequence[Run],
        pairs: Sequence[judge.Comparisons],
        floating: tuple[int, ...] | None = None,
    ) -> NotebookResult:
        first, *others = runs
        against_saved = judge.compare_with_saved(self.notebook, self.saved, first, self.options)
        cells = judge.summarise_cells(self.notebook, runs, pairs, against_saved)
        between = judge.summarise_runs(runs, pairs, plain=_second_plain(runs) is not None)
        if floating is not None and between.divergent_cells:
            between = replace(between, plain_divergent_cells=floating)
        failure = self.stop.reason or _failure(runs)
        failing = failure.cell if failure is not None else None
        evidence = Evidence(
            failure=failure,
            raises_as_saved=failing is not None and cells[failing].raises_as_saved,
            runs=len(runs),
            run_to_run=between,
            saved=judge.summarise_saved(against_saved, self.saved),
            coverage=judge.count_coverage(self.notebook, cells),
            varied=tuple(others[0].launch.variation.values) if others else (),
            diverged_sources=diverged_sources(runs, between.focus),
        )
        return self._assembled(evidence, runs, cells)

    def _assembled(
        self, evidence: Evidence, runs: Sequence[Run], cells: tuple[CellResult, ...]
    ) -> NotebookResult:
        first = runs[0]
        level = climb(evidence)
        bar, bar_reason = self._bar()
        return NotebookResult(
            notebook=self.path,
            level=level,
            status=_status(evidence.failure),
            error=evidence.failure,
            coverage=evidence.coverage,
            held_back_by=held_back_by(evidence, level),
            run_to_run=evidence.run_to_run,
            saved=evidence.saved,
            cells=cells,
            diverged_sources=tuple(evidence.diverged_sources),
            findings=remarks(self.path, runs, divergent=bool(evidence.run_to_run.divergent_cells)),
            runs=tuple(_facts(run) for run in runs),
            not_varied=_not_varied(runs),
            isolation=first.launch.workspace.how,
            environment=first.environment,
            bar=bar,
            bar_reason=bar_reason,
        )

    def _explained(
        self, result: NotebookResult, found: Explanation, bench: Bench
    ) -> NotebookResult:
        skipped = (
            ()
            if found.skipped is None
            else (replace(found.skipped, place=replace(found.skipped.place, path=self.path)),)
        )
        return replace(
            result,
            causes=found.causes,
            findings=(*result.findings, *skipped),
            runs=tuple(_facts(run) for run in bench.made),
        )

    def _kept(self, result: NotebookResult, runs: Sequence[Run]) -> NotebookResult:
        if self.options.save is not None:
            save_executed(runs[0], save_target(self.path, self.options.save))
        if not self.options.update:
            return result
        if result.status is not Status.OK:
            return replace(result, findings=(*result.findings, not_written(self.path)))
        path = update_recording(self.notebook, runs, result.level, self.saved, self.options)
        return replace(result, recording=str(path))

    def _bar(self) -> tuple[Level, str]:
        if self.options.fail_under is not None:
            return self.options.fail_under, ""
        if self.saved.available:
            return Level.MATCHES, ""
        return Level.ROBUST, "there are neither saved outputs nor a recording"


def _is_discarded(run: Run, reference: Run) -> bool:
    """Whether `run` is an earlier reference, which held what the notebook does not bear, or a plain one beside it."""
    variation = run.launch.variation
    return variation.is_plain or (
        variation.pinned != reference.launch.variation.pinned and not variation.values
    )


def _falls_short(result: NotebookResult) -> bool:
    """Whether there is anything to explain: a failure, or cells that do not agree."""
    if result.error is not None:
        return result.error.cell is not None
    return bool(result.run_to_run.divergent_cells or result.saved.divergent_cells)


def _second_plain(runs: Sequence[Run]) -> Run | None:
    """The second plain run; it is made last, where one is made at all."""
    last = runs[-1]
    return last if len(runs) > 1 and last.launch.variation.is_plain else None


def _failure(runs: Sequence[Run]) -> Failure | None:
    """What decides that the notebook fails, or cannot be judged.

    A varied run whose cell raises is a difference, like another output; one that never came to an end says nothing.
    """
    judged_by = [runs[0], *filter(None, [_second_plain(runs)])]
    unfinished = [run for run in runs[1:] if run.failure is not None and run.failure.exit_code != 1]
    failures = ((run, run.failure) for run in judged_by + unfinished if run.failure is not None)
    run, failure = next(failures, (runs[0], None))
    if failure is None or run is runs[0]:
        return failure
    return replace(failure, message=f"in run {run.name}: {failure.message}")


def _status(failure: Failure | None) -> Status:
    if failure is None:
        return Status.OK
    return Status.FAILED if failure.exit_code == 1 else Status.ERROR


def _not_varied(runs: Sequence[Run]) -> tuple[str, ...]:
    """What no run varied, each with why; a run that pins says what it could not pin."""
    variations = [run.launch.variation for run in runs]
    said = (why for each in variations for why in (*each.not_varied, *each.not_pinned))
    return tuple(dict.fromkeys(said))


def _facts(run: Run) -> RunFacts:
    variation = run.launch.variation
    return RunFacts(
        name=run.name,
        varied=variation.values,
        pinned=variation.pinned,
        cells=sum(status is not CellStatus.NOT_RUN for status in run.statuses),
        seconds=run.seconds,
        altered=run.altered,
    )
