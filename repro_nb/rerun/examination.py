"""One notebook under examination: which runs are made, and what they add up to."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun import judge
from repro_nb.rerun.hash_seeds import choose_hash_seeds
from repro_nb.rerun.isolation import workspace
from repro_nb.rerun.keep import save_executed, save_target, update_recording
from repro_nb.rerun.kernel import Launch, find_kernelspec, interpreter
from repro_nb.rerun.ladder import Evidence, climb, held_back_by
from repro_nb.rerun.random_state import diverged_sources
from repro_nb.rerun.remarks import not_written, remarks
from repro_nb.rerun.result import CellResult, Failure, Level, NotebookResult, RunFacts, Status
from repro_nb.rerun.runner import Run, run_notebook
from repro_nb.rerun.vary import Variation, plain, varied

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec

    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.saved import SavedOutputs
    from repro_nb.rerun.stop import Stop

__all__ = ["Examination"]


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

    async def result(self) -> NotebookResult:
        """Make the runs, compare them, and judge."""
        spec = find_kernelspec(self.kernel)
        # One seed for each run, and one for a second plain run, where there can be one.
        seeds = self._hash_seeds(spec, self.options.runs + (self.options.runs > 1))
        variations = [plain(seeds[0], spec.env)]
        variations += [varied(n, seed, spec.env) for n, seed in enumerate(seeds[1:-1])]
        with ExitStack() as spaces:
            launches = [self._launch(spec, variation, spaces) for variation in variations]
            runs = await self._run_together(launches)
            pairs = [self._compare(runs[0], other) for other in runs[1:]]
            if self._plain_run_is_needed(runs, pairs):
                launch = self._launch(spec, plain(seeds[-1], spec.env), spaces)
                runs.append(await self._run(launch, len(runs)))
                pairs.append(self._compare(runs[0], runs[-1]))
            # While the workspaces are there: what was written through a link is looked for.
            return self._judged(runs, pairs)

    def _hash_seeds(self, spec: KernelSpec, count: int) -> tuple[str, ...]:
        python = interpreter(spec)
        # A kernelspec may start anything: what is no Python is not asked, and its seeds are left to chance.
        known = Path(python).name.startswith("python")
        sources = [cell.source for cell in self.notebook.code_cells] if known else []
        return choose_hash_seeds(python, sources, count)

    def _launch(self, spec: KernelSpec, variation: Variation, spaces: ExitStack) -> Launch:
        space = workspace(self.notebook.path, in_place=self.options.in_place)
        return Launch(
            name=self.kernel,
            spec=spec,
            workspace=spaces.enter_context(space),
            variation=variation,
        )

    async def _run_together(self, launches: Sequence[Launch]) -> list[Run]:
        """Independent runs use all cores; runs in place would meet in the same folder, so they take turns."""
        at_once = 1 if self.options.in_place else os.cpu_count() or 1
        turns = asyncio.Semaphore(at_once)

        async def one(index: int, launch: Launch) -> Run:
            async with turns:
                return await self._run(launch, index)

        return list(await asyncio.gather(*(one(i, launch) for i, launch in enumerate(launches))))

    async def _run(self, launch: Launch, index: int) -> Run:
        return await run_notebook(
            self.notebook,
            launch,
            name=_run_name(index),
            limits=(self.options.timeout, self.options.notebook_timeout),
            stop=self.stop,
            progress=self.progress,
            with_environment=index == 0,
        )

    def _compare(self, first: Run, other: Run) -> judge.Comparisons:
        return judge.compare_runs(self.notebook, first, other, self.options)

    def _plain_run_is_needed(self, runs: Sequence[Run], pairs: Sequence[judge.Comparisons]) -> bool:
        first, *others = runs
        if first.failure is not None or self.stop.reason is not None:
            return False
        return any(judge.divergent(*pair) for pair in zip(pairs, others, strict=True))

    def _judged(self, runs: Sequence[Run], pairs: Sequence[judge.Comparisons]) -> NotebookResult:
        first, *others = runs
        against_saved = judge.compare_with_saved(self.notebook, self.saved, first, self.options)
        cells = judge.summarise_cells(self.notebook, runs, pairs, against_saved)
        between = judge.summarise_runs(runs, pairs, plain=_second_plain(runs) is not None)
        evidence = Evidence(
            failure=self.stop.reason or _failure(runs),
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
        result = NotebookResult(
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
            not_varied=runs[1].launch.variation.not_varied if len(runs) > 1 else (),
            isolation=first.launch.workspace.how,
            environment=first.environment,
            bar=bar,
            bar_reason=bar_reason,
        )
        return self._kept(result, runs)

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


def _second_plain(runs: Sequence[Run]) -> Run | None:
    """The second plain run; it is made last, where one is made at all."""
    last = runs[-1]
    return last if len(runs) > 1 and not last.launch.variation.values else None


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


def _facts(run: Run) -> RunFacts:
    return RunFacts(name=run.name, varied=run.launch.variation.values, seconds=run.seconds)


def _run_name(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"R{index}"  # noqa: PLR2004  letters of the alphabet
