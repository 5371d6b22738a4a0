"""``repro-nb run --pinned``: execute a notebook with every factor pinned, and save it: the same outputs every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from repro_nb.errors import UsageError
from repro_nb.files import write_atomically
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.kernel_choice import kernel_replaced
from repro_nb.rerun.notebook import PINNED_SUFFIX, read_notebook
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.own_loop import in_own_loop
from repro_nb.rerun.progress import Progress, Silent
from repro_nb.rerun.stop import Stop
from repro_nb.rerun.vary import pinned
from repro_nb.version import VERSION

if TYPE_CHECKING:
    from repro_nb.findings import Finding
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.result import Failure
    from repro_nb.rerun.runner import Run

__all__ = ["METADATA", "PinnedRun", "run_pinned"]

METADATA = "repro_nb"
"""The key of the notebook's metadata under which it says what was pinned."""

_PLACES = ("working-directory",)


@dataclass(frozen=True, kw_only=True)
class PinnedRun:
    """A notebook that was executed with every factor pinned.

    Attributes:
        notebook: The notebook that was run.
        output: Where the executed one was written.
        pinned: Each factor that was held, with its value.
        not_pinned: Factors that could not be held here, each with why.
        failure: Why the run ended early; what was executed until then is written all the same.
        seconds: Wall time, kernel start included.
        findings: Remarks, such as that another kernel was taken.
    """

    notebook: Path
    output: Path
    pinned: dict[str, str]
    not_pinned: tuple[str, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every cell ran, else what the failure means for the command line."""
        return 0 if self.failure is None else self.failure.exit_code


def run_pinned(
    path: str | Path,
    output: str | Path | None = None,
    options: VerifyOptions | None = None,
    progress: Progress | None = None,
) -> PinnedRun:
    """Execute the notebook at `path` with every factor pinned, and save it with its outputs.

    Two such runs give the same outputs, however the notebook draws its numbers, reads its clock and orders its sets;
    what could not be pinned, and races between threads, may still differ.

    Args:
        path: The notebook.
        output: Where the executed notebook is written; ``NAME.pinned.ipynb`` beside the notebook when None.
        options: Kernel, limits and isolation; those of the nearest ``pyproject.toml`` when None.
        progress: Told what goes on, from another thread.

    Raises:
        NotebookError: The file cannot be read, or is no notebook.
        KernelUnavailableError: There is no such kernel, or it does not start.
        UsageError: The settings cannot be used, or the notebook cannot be written there.
    """
    source = Path(path)
    notebook = read_notebook(source)
    target = source.with_suffix(PINNED_SUFFIX) if output is None else Path(output)
    if target.resolve() == source.resolve():
        raise UsageError(
            "the executed notebook would replace the one that is run",
            where=str(target),
            hint="Name another file with --output.",
        )
    chosen = VerifyOptions.for_project(source) if options is None else options
    watcher = Silent() if progress is None else progress
    watcher.notebook_started(notebook.path, len(notebook.code_cells), 0, 1)
    run = _run(notebook, chosen, watcher)
    variation = run.launch.variation
    # The folder is where it is: its name is no value that another machine could hold it at.
    held = {name: value for name, value in variation.reference.items() if name not in _PLACES}
    _save(run, target, held)
    return PinnedRun(
        notebook=source,
        output=target,
        pinned=held,
        not_pinned=(*variation.not_pinned, *_faults(run)),
        failure=run.failure,
        seconds=run.seconds,
        findings=kernel_replaced(str(path), run.launch),
    )


def _faults(run: Run) -> Iterator[str]:
    """What the kernel's own side could not do: hold a factor, say."""
    for record in run.records:
        if record is not None and record.recorder_error is not None:
            yield record.recorder_error


def _run(notebook: Notebook, options: VerifyOptions, progress: Progress) -> Run:
    stop = Stop()

    async def work() -> Run:
        with ExitStack() as spaces:
            kernel = options.kernel_for(notebook.kernel_name)
            bench = Bench(notebook, kernel, options, progress, stop, spaces)
            return await bench.one(Order(plan=lambda host: replace(pinned()(host), watch=False)))

    return in_own_loop(work, stop)


def _save(run: Run, target: Path, held: dict[str, str]) -> None:
    node = run.node
    for cell in node.cells:
        cell.metadata.pop("execution", None)  # when each message came: another time in every run
    node.metadata[METADATA] = {"version": VERSION, "pinned": held}
    try:
        write_atomically(target, nbformat.writes(node).encode("utf-8", "surrogatepass"))
    except OSError as error:
        message = f"the executed notebook cannot be written: {error.strerror or error}"
        raise UsageError(message, where=str(target)) from error
