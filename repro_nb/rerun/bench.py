"""Where the runs of one notebook are made: each in a kernel and a workspace of its own, as many at once as serve."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from repro_nb.probe.factors import Host
from repro_nb.rerun.hash_seeds import choose_hash_seeds
from repro_nb.rerun.isolation import workspace
from repro_nb.rerun.kernel import Launch, interpreter
from repro_nb.rerun.kernel_choice import choose_kernel
from repro_nb.rerun.runner import Run, run_notebook

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.stop import Stop
    from repro_nb.rerun.vary import Plan

__all__ = ["Bench", "Order"]

_KERNEL_MEMORY = 2**30
"""Bytes that a kernel with a library or two takes."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One run to be made.

    Attributes:
        plan: What its factors are set to.
        hash_seed: The hash seed that a run has which does not pin it.
        cells: Which code cells to run, by index, in this order; all from the top when None.
        sources: Texts to run instead of the notebook's own, by cell.
        with_environment: Capture the environment after the last cell.
        altered: What a diagnosis changes in the notebook for this run, as words; empty for the notebook as it is.
    """

    plan: Plan
    hash_seed: str = "0"
    cells: Sequence[int] | None = None
    sources: Mapping[int, str] = field(default_factory=dict)
    with_environment: bool = False
    altered: str = ""


class Bench:
    """Makes runs of one notebook.

    Args:
        notebook: What to run.
        kernel: Name of the kernelspec; where a Python notebook names one that is not installed, Python's takes its
            place.
        options: Limits and isolation.
        progress: Told of each run.
        stop: Ends all runs early.
        spaces: Keeps the runs' workspaces until it is closed.

    Attributes:
        notebook: What is run.
        options: The settings of the examination.
        kernel: The kernel that it runs in.
        made: Every run, in the order in which they were asked for.

    Raises:
        KernelUnavailableError: There is no such kernelspec.
    """

    def __init__(
        self,
        notebook: Notebook,
        kernel: str,
        options: VerifyOptions,
        progress: Progress,
        stop: Stop,
        spaces: ExitStack,
    ) -> None:
        self.notebook = notebook
        self.options = options
        self.kernel = choose_kernel(notebook, kernel, asked_for=options.kernel is not None)
        self._progress = progress
        self._stop = stop
        self._spaces = spaces
        # Independent runs use all cores; runs in place would meet in the same folder, so they take turns.
        self._turns = asyncio.Semaphore(self.at_once)
        self._numbers = 0
        self._made: dict[int, Run] = {}

    @property
    def at_once(self) -> int:
        """How many runs are made at a time."""
        return 1 if self.options.in_place else _kernels_at_once()

    @property
    def made(self) -> tuple[Run, ...]:
        """Every run that has ended, in the order in which they were asked for."""
        return tuple(self._made[number] for number in sorted(self._made))

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for an early end."""
        return self._stop.reason is not None

    def hash_seeds(self, count: int, *, reference: str | None = None) -> tuple[str, ...]:
        """Hash seeds that are sure to tell, compared with the first one, which is `reference` where that is given."""
        python = interpreter(self.kernel.spec)
        # A kernelspec may start anything: what is no Python is not asked, and its seeds are left to chance.
        known = Path(python).name.startswith("python")
        sources = [cell.source for cell in self.notebook.code_cells] if known else []
        return choose_hash_seeds(python, sources, count, first=reference)

    async def together(self, *orders: Order) -> list[Run]:
        """Make several runs, side by side."""
        numbered = [(self._next_number(), order) for order in orders]
        return list(await asyncio.gather(*(self._in_turn(*pair) for pair in numbered)))

    async def one(self, order: Order) -> Run:
        """Make one run."""
        return await self._in_turn(self._next_number(), order)

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers - 1

    async def _in_turn(self, number: int, order: Order) -> Run:
        async with self._turns:
            notebook = self.notebook
            run = await run_notebook(
                notebook.with_sources(order.sources) if order.sources else notebook,
                self._launch(number, order),
                name=_run_name(number),
                limits=(self.options.timeout, self.options.notebook_timeout),
                stop=self._stop,
                progress=self._progress,
                with_environment=order.with_environment,
                order=order.cells,
            )
        run = replace(run, altered=order.altered)
        self._made[number] = run
        return run

    def _launch(self, number: int, order: Order) -> Launch:
        space = self._spaces.enter_context(
            workspace(self.notebook.path, in_place=self.options.in_place)
        )
        host = Host(
            scratch=space.scratch,
            project=space.project,
            cwd=space.cwd,
            hash_seed=order.hash_seed,
            mounts=space.mounts,
            kernel_env=self.kernel.spec.env,
            slot=number,
        )
        return Launch(
            name=self.kernel.name,
            spec=self.kernel.spec,
            workspace=space,
            variation=order.plan(host),
            instead_of=self.kernel.instead_of,
        )


def _kernels_at_once() -> int:
    """As many as there are processors for this process, and memory for their kernels."""
    usable = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return max(1, min(len(usable), psutil.virtual_memory().available // _KERNEL_MEMORY))


def _run_name(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"R{number}"  # noqa: PLR2004  letters of the alphabet
