"""One run: a notebook, top to bottom, in a fresh kernel, through nbclient with the probe inside."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from repro_nb.errors import ReproError
from repro_nb.probe.boot import CELLS, ENVIRONMENT
from repro_nb.records import CellRecord, Environment
from repro_nb.rerun.kernel import Launch, describe_death, running_kernel
from repro_nb.rerun.raised import failure_of_cell
from repro_nb.rerun.record_reader import RecordReader
from repro_nb.rerun.result import CellStatus, Failure, failure_of

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

    from repro_nb.rerun.notebook import CodeCell, Notebook
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.stop import Stop

__all__ = ["Run", "run_notebook"]

_ENVIRONMENT_CODE = "__import__('repro_nb.probe.boot', fromlist=['boot']).write_environment()"
_ENVIRONMENT_SECONDS = 30
_FOREVER = 10**7
# Whatever nbclient would tell is in the run.
_LOG = logging.getLogger("repro_nb.nbclient")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run left behind. Sequences are indexed by code cell.

    Attributes:
        name: ``A``, ``B``, …
        launch: How its kernel was started.
        node: The executed notebook.
        statuses: What became of each cell.
        outputs: The outputs of each cell; None for a cell that did not end.
        records: The probe's record of each cell; None where there is none.
        cell_seconds: Wall time of each cell; None for one that did not run.
        failure: Why the run ended early.
        environment: What it ran in, where that was asked for.
        seed: The seed that the notebook set through repro_nb.
        seconds: Wall time, kernel start included.
        remarks: What the user should know of the run itself.
        order: Which cells it was to run, in order.
        altered: What a diagnosis changed in the notebook for it; empty for the notebook as it is.
    """

    name: str
    launch: Launch
    node: Any
    statuses: tuple[CellStatus, ...]
    outputs: tuple[list[Any] | None, ...]
    records: tuple[CellRecord | None, ...]
    cell_seconds: tuple[float | None, ...]
    failure: Failure | None = None
    environment: Environment | None = None
    seed: int | None = None
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    altered: str = ""

    @property
    def private_paths(self) -> tuple[tuple[str, str], ...]:
        """Paths that only this run used, each with what it stands for."""
        return self.launch.workspace.private_paths


async def run_notebook(  # noqa: PLR0913 - each is another's to know
    notebook: Notebook,
    launch: Launch,
    *,
    name: str,
    limits: tuple[float | None, float | None],
    stop: Stop,
    progress: Progress,
    with_environment: bool,
    order: Sequence[int] | None = None,
) -> Run:
    """Run `notebook` in a fresh kernel.

    Args:
        notebook: What to run; it is not changed.
        launch: How to start the kernel.
        name: What to call the run.
        limits: Seconds that one cell, and the whole run, may take; None for no limit.
        stop: Ends the run early.
        progress: Told of each cell.
        with_environment: Capture the environment after the last cell.
        order: Which code cells to run, by index, in this order; all from the top when None.

    Returns:
        The run; failures of the notebook or its kernel are in it, not raised.
    """
    started = time.perf_counter()
    progress.run_started(notebook.path, name, tuple(launch.variation.values))
    chosen = range(len(notebook.code_cells)) if order is None else order
    execution = _Execution(notebook, launch, name, limits, stop, progress, tuple(chosen))
    try:
        async with AsyncExitStack() as stack:
            starting = asyncio.ensure_future(stack.enter_async_context(running_kernel(launch)))
            if not await stop.wait_with(starting):
                execution.failure = stop.reason
            else:
                await execution.run(*starting.result())
                if with_environment and execution.failure_is_the_notebooks_own:
                    asking = asyncio.ensure_future(
                        _capture_environment(starting.result()[1], launch)
                    )
                    await stop.wait_with(asking, _ENVIRONMENT_SECONDS)
    except ReproError as error:
        execution.failure = failure_of(error)
    progress.run_finished(notebook.path, name)
    return execution.result(time.perf_counter() - started)


@dataclass
class _Execution:
    """The state of a run while it goes on."""

    notebook: Notebook
    launch: Launch
    name: str
    limits: tuple[float | None, float | None]
    stop: Stop
    progress: Progress
    order: tuple[int, ...]
    failure: Failure | None = None
    manager: AsyncKernelManager | None = None
    node: Any = None
    statuses: dict[int, CellStatus] = field(default_factory=dict)
    records: dict[int, CellRecord] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.node = self.notebook.blank_copy()
        self._reader = RecordReader(self.launch.probe_folder / CELLS)

    @property
    def failure_is_the_notebooks_own(self) -> bool:
        """Whether the kernel is still there to be asked."""
        return self.failure is None or self.failure.exit_code == 1

    async def run(self, manager: AsyncKernelManager, client: Any) -> None:
        """Run the cells in order, until the first failure."""
        self.manager = manager
        # An output is waited for as long as the cell may take: what came too late would look like a difference.
        runner = NotebookClient(
            self.node, km=manager, log=_LOG, iopub_timeout=_FOREVER, raise_on_iopub_timeout=True
        )
        runner.kc = client
        _, total = self.limits
        deadline = None if total is None else time.monotonic() + total
        for cell in (self.notebook.code_cells[index] for index in self.order):
            if cell.marker.skip or not cell.source.strip():
                self.statuses[cell.index] = CellStatus.SKIPPED
                continue
            # nbclient sends no cell id; the kernel's hook would not know which cell it sees.
            client.session.metadata = {"cellId": cell.id}
            await self._run_cell(cell, runner, deadline)
            if self.failure is not None:
                break
        runner.set_widgets_metadata()

    async def _run_cell(
        self,
        cell: CodeCell,
        runner: NotebookClient,
        deadline: float | None,
    ) -> None:
        self.progress.cell_started(self.notebook.path, self.name, cell.index)
        runner.allow_errors = cell.marker.raises_exception
        begun = time.perf_counter()
        task = asyncio.ensure_future(
            runner.async_execute_cell(self.node.cells[cell.position], cell.position)
        )
        limit, whole = self._patience(deadline)
        ended = await self.stop.wait_with(task, limit)
        elapsed = time.perf_counter() - begun
        if ended:
            self.failure = self._failure(cell, task.exception())
        else:
            self.failure = self._interruption(cell, limit, whole=whole)
        self._note(cell, elapsed)

    def _patience(self, deadline: float | None) -> tuple[float | None, bool]:
        """Seconds that the next cell may take, and whether it is the notebook's limit that says so."""
        per_cell, _ = self.limits
        if deadline is None:
            return per_cell, False
        left = max(0.0, deadline - time.monotonic())
        return (left, True) if per_cell is None or left < per_cell else (per_cell, False)

    def _note(self, cell: CodeCell, elapsed: float) -> None:
        record = self._reader.latest(cell.id)
        if record is not None:
            self.records[cell.index] = record
        self.seconds[cell.index] = elapsed if record is None else record.seconds
        self.statuses[cell.index] = CellStatus.OK if self.failure is None else CellStatus.FAILED
        self.progress.cell_finished(self.notebook.path, self.name, cell.index, elapsed)

    def _failure(self, cell: CodeCell, error: BaseException | None) -> Failure | None:
        if error is None:
            return None
        if isinstance(error, CellExecutionError):
            return failure_of_cell(cell, self.node.cells[cell.position].outputs, error)
        if isinstance(error, DeadKernelError):
            return Failure(
                cell=cell.index,
                type="KernelDiedError",
                message=f"the kernel died in this cell: {describe_death(self.manager)}",
                exit_code=3,
            )
        raise error

    def _interruption(self, cell: CodeCell, limit: float | None, *, whole: bool) -> Failure:
        if self.stop.reason is not None:
            return self.stop.reason
        option, subject = (
            ("--notebook-timeout", "the notebook") if whole else ("--timeout", "the cell")
        )
        seconds = self.limits[1] if whole else limit
        return Failure(
            cell=cell.index,
            type="CellTimeoutError",
            message=f"{subject} ran longer than {seconds:g} s\nGive it more with {option} SECONDS.",
            exit_code=3,
        )

    def result(self, seconds: float) -> Run:
        """The finished run."""
        cells = self.notebook.code_cells
        environment, seed = _read_environment(self.launch.probe_folder / ENVIRONMENT)
        return Run(
            name=self.name,
            launch=self.launch,
            node=self.node,
            statuses=tuple(self.statuses.get(c.index, CellStatus.NOT_RUN) for c in cells),
            outputs=tuple(self._outputs(cell) for cell in cells),
            records=tuple(self.records.get(cell.index) for cell in cells),
            cell_seconds=tuple(self.seconds.get(cell.index) for cell in cells),
            failure=self.failure,
            environment=environment,
            seed=seed,
            seconds=seconds,
            remarks=tuple(self._remarks()),
            order=self.order,
        )

    def _outputs(self, cell: CodeCell) -> list[Any] | None:
        status = self.statuses.get(cell.index)
        # A cell that was cut short shows as much as it had the time for: nothing to compare.
        whole = status is CellStatus.FAILED and self.failure_is_the_notebooks_own
        if status is CellStatus.OK or whole:
            return list(self.node.cells[cell.position].outputs)
        return None

    def _remarks(self) -> list[str]:
        ran = any(status is CellStatus.OK for status in self.statuses.values())
        if not self.launch.is_python:
            language = self.launch.spec.language
            return [f"random state was not recorded: the kernel's language is {language}"]
        if ran and not self.records:
            return ["random state was not recorded: the probe did not start in this kernel"]
        return []


async def _capture_environment(client: Any, launch: Launch) -> None:
    """Ask the probe to write the environment; silent, so that no hook sees it and no history keeps it."""
    if not launch.is_python or not launch.probe_folder.exists():
        return
    message = client.execute(_ENVIRONMENT_CODE, silent=True, store_history=False)
    while (await client.get_shell_msg())["parent_header"].get("msg_id") != message:
        pass


def _read_environment(path: Path) -> tuple[Environment | None, int | None]:
    if not path.exists():
        return None, None
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Environment.from_json(facts["environment"]), facts["seed"]
