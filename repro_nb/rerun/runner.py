"""One run: a notebook, top to bottom, in a fresh kernel, through nbclient with the probe inside."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from repro_nb.errors import ReproError
from repro_nb.probe.boot import CELLS, ENVIRONMENT
from repro_nb.recording.compare.terminal import strip_colours
from repro_nb.records import CellRecord, Environment
from repro_nb.rerun.kernel import Launch, describe_death, running_kernel
from repro_nb.rerun.result import CellStatus, Failure

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager

    from repro_nb.rerun.notebook import CodeCell, Notebook
    from repro_nb.rerun.progress import Progress

__all__ = ["Run", "Stop", "run_notebook"]

_ENVIRONMENT_CODE = "__import__('repro_nb.probe.boot', fromlist=['boot']).write_environment()"
_ENVIRONMENT_SECONDS = 30


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

    @property
    def private_paths(self) -> tuple[tuple[str, str], ...]:
        """Paths that only this run used, each with what it stands for."""
        return self.launch.workspace.private_paths


class Stop:
    """Tells all runs of an examination to end early, from any thread."""

    def __init__(self) -> None:
        self.reason: Failure | None = None
        self._events: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def event(self) -> asyncio.Event:
        """An event of the running loop that is set when the stop comes."""
        event = asyncio.Event()
        if self.reason is not None:
            event.set()
        self._events.append((asyncio.get_running_loop(), event))
        return event

    def set(self, reason: Failure) -> None:
        """Stop everything, because of `reason`."""
        self.reason = reason
        for loop, event in self._events:
            loop.call_soon_threadsafe(event.set)


async def run_notebook(
    notebook: Notebook,
    launch: Launch,
    *,
    name: str,
    limits: tuple[float | None, float | None],
    stop: Stop,
    progress: Progress,
    with_environment: bool,
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

    Returns:
        The run; failures of the notebook or its kernel are in it, not raised.
    """
    started = time.perf_counter()
    progress.run_started(notebook.path, name)
    execution = _Execution(notebook, launch, name, limits, stop, progress)
    try:
        async with running_kernel(launch) as (manager, client):
            await execution.run(manager, client)
            if with_environment and execution.failure_is_the_notebooks_own:
                await _capture_environment(client, launch)
    except ReproError as error:
        execution.failure = _failure_of(error)
    progress.run_finished(notebook.path, name)
    return execution.result(time.perf_counter() - started)


def _failure_of(error: ReproError) -> Failure:
    message = f"{error.message}\n{error.hint}" if error.hint else error.message
    return Failure(cell=None, type=type(error).__name__, message=message, exit_code=error.exit_code)


@dataclass
class _Execution:
    """The state of a run while it goes on."""

    notebook: Notebook
    launch: Launch
    name: str
    limits: tuple[float | None, float | None]
    stop: Stop
    progress: Progress
    failure: Failure | None = None
    manager: AsyncKernelManager | None = None
    node: Any = None
    statuses: dict[int, CellStatus] = field(default_factory=dict)
    records: dict[int, CellRecord] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.node = self.notebook.blank_copy()
        self._reader = _RecordReader(self.launch.probe_folder / CELLS)

    @property
    def failure_is_the_notebooks_own(self) -> bool:
        """Whether the kernel is still there to be asked."""
        return self.failure is None or self.failure.exit_code == 1

    async def run(self, manager: AsyncKernelManager, client: Any) -> None:
        """Run all cells, until the first failure."""
        self.manager = manager
        runner = NotebookClient(self.node, km=manager, log=_quiet_log())
        runner.kc = client
        stopped = asyncio.ensure_future(self.stop.event().wait())
        _, total = self.limits
        deadline = None if total is None else time.monotonic() + total
        try:
            for cell in self.notebook.code_cells:
                if cell.marker.skip or not cell.source.strip():
                    self.statuses[cell.index] = CellStatus.SKIPPED
                    continue
                # nbclient sends no cell id; the kernel's hook would not know which cell it sees.
                client.session.metadata = {"cellId": cell.id}
                await self._run_cell(cell, runner, stopped, deadline)
                if self.failure is not None:
                    break
        finally:
            stopped.cancel()
        runner.set_widgets_metadata()

    async def _run_cell(
        self,
        cell: CodeCell,
        runner: NotebookClient,
        stopped: asyncio.Future[Any],
        deadline: float | None,
    ) -> None:
        self.progress.cell_started(self.notebook.path, self.name, cell.index)
        runner.allow_errors = cell.marker.raises_exception
        begun = time.perf_counter()
        task = asyncio.ensure_future(
            runner.async_execute_cell(self.node.cells[cell.position], cell.position)
        )
        limit, whole = self._patience(deadline)
        await asyncio.wait({task, stopped}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        elapsed = time.perf_counter() - begun
        if task.done():
            self.failure = self._failure(cell, task.exception())
        else:
            self.failure = self._interruption(cell, limit, whole=whole)
            await _abandon(task)
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
            return Failure(
                cell=cell.index,
                type=error.ename or "Error",
                message=error.evalue or "",
                exit_code=1,
                traceback=strip_colours(error.traceback),
            )
        if isinstance(error, DeadKernelError):
            return Failure(
                cell=cell.index,
                type="KernelDiedError",
                message=f"the kernel died in this cell: {describe_death(self.manager)}",
                exit_code=3,
            )
        if isinstance(error, CellTimeoutError):
            message = "the cell ended, but its outputs did not arrive"
            return Failure(cell=cell.index, type="CellTimeoutError", message=message, exit_code=3)
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
        )

    def _outputs(self, cell: CodeCell) -> list[Any] | None:
        if self.statuses.get(cell.index) in (CellStatus.OK, CellStatus.FAILED):
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


async def _abandon(task: asyncio.Future[Any]) -> None:
    """End a cell's task whose kernel is about to be killed; nbclient turns the cancellation into its own error."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


async def _capture_environment(client: Any, launch: Launch) -> None:
    """Ask the probe to write the environment; silent, so that no hook sees it and no history keeps it."""
    if not launch.is_python or not launch.probe_folder.exists():
        return
    message = client.execute(_ENVIRONMENT_CODE, silent=True, store_history=False)
    deadline = time.monotonic() + _ENVIRONMENT_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            reply = await client.get_shell_msg(timeout=left)
        except Exception:  # noqa: BLE001  the client raises queue.Empty or zmq errors: either way there is no answer
            return
        if reply["parent_header"].get("msg_id") == message:
            return


def _read_environment(path: Path) -> tuple[Environment | None, int | None]:
    if not path.exists():
        return None, None
    facts = json.loads(path.read_text(encoding="utf-8"))
    return Environment.from_json(facts["environment"]), facts["seed"]


class _RecordReader:
    """Reads the probe's lines as they are added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def latest(self, cell_id: str) -> CellRecord | None:
        """The last record of `cell_id` among the lines added since the previous call."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            file.seek(self._offset)
            # A kernel that was killed may leave half a line behind.
            lines = [line for line in file if line.endswith(b"\n")]
            self._offset += sum(map(len, lines))
        records = [CellRecord.from_json(json.loads(line)) for line in lines]
        return next((record for record in reversed(records) if record.cell_id == cell_id), None)


def _quiet_log() -> Any:
    """A log of nbclient's own that says nothing: whatever it would tell is in the run."""
    import logging  # noqa: PLC0415

    log = logging.getLogger("repro_nb.nbclient")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return log
