"""The main job: run a notebook in fresh kernels, compare, and say how far it reproduces."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from repro_nb.errors import ReproError, UsageError
from repro_nb.rerun.examination import Examination
from repro_nb.rerun.keep import save_target
from repro_nb.rerun.notebook import read_notebook
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.own_loop import in_own_loop
from repro_nb.rerun.progress import Progress, Silent
from repro_nb.rerun.result import NotebookResult, Status, failure_of
from repro_nb.rerun.saved import saved_outputs
from repro_nb.rerun.stop import Stop

__all__ = ["Interrupted", "explain", "explain_all", "verify", "verify_all"]

Work = Callable[[Examination], Awaitable[NotebookResult]]
"""What is done with a notebook under examination."""


class Interrupted(KeyboardInterrupt):
    """The user interrupted an examination.

    Attributes:
        result: What was found out until then about the notebook that was being examined.
    """

    def __init__(self, result: NotebookResult) -> None:
        super().__init__("interrupted")
        self.result = result


def verify(
    path: str | Path,
    options: VerifyOptions | None = None,
    progress: Progress | None = None,
) -> NotebookResult:
    """Rerun the notebook at `path` in fresh kernels and say how far it reproduces.

    The first run is plain; every further one varies every factor. When they differ, one more plain run tells what
    differs by itself from what differs between machines, and further ones prove which factor it is. The notebook on
    disk is never changed.

    Args:
        path: The notebook.
        options: The settings; those of the nearest ``pyproject.toml`` when None.
        progress: Told what goes on, from another thread.

    Returns:
        The result. A notebook that cannot be read, fails, or cannot be judged is a result too: see its ``status``
        and ``error``.

    Raises:
        UsageError: The project's settings cannot be used.
        Interrupted: Ctrl-C; it carries the partial result, and no kernel is left behind.
    """
    chosen = VerifyOptions.for_project(Path(path)) if options is None else options
    watcher = Silent() if progress is None else progress
    return _finished(str(path), chosen, watcher, (0, 1), Examination.verified)


def explain(
    path: str | Path,
    options: VerifyOptions | None = None,
    progress: Progress | None = None,
) -> NotebookResult:
    """Find out why cells of the notebook at `path` differ from run to run or from the saved outputs, or why one fails.

    Every run has its factors pinned, but for those that it varies on purpose; none is plain. The notebook on disk is
    never changed.

    Args:
        path: The notebook.
        options: The settings; those of the nearest ``pyproject.toml`` when None.
        progress: Told what goes on, from another thread.

    Returns:
        The result: see its ``causes``, and ``runs`` for what was varied. The level is that which these runs support.

    Raises:
        UsageError: The project's settings cannot be used.
        Interrupted: Ctrl-C; it carries the partial result, and no kernel is left behind.
    """
    chosen = VerifyOptions.for_project(Path(path)) if options is None else options
    watcher = Silent() if progress is None else progress
    return _finished(str(path), chosen, watcher, (0, 1), Examination.explained)


def verify_all(
    paths: Sequence[str | Path],
    options: Callable[[Path], VerifyOptions],
    progress: Progress | None = None,
) -> Iterator[NotebookResult]:
    """Verify many notebooks, one after the other, each result as it comes.

    Args:
        paths: The notebooks.
        options: Gives the settings of each notebook.
        progress: Told what goes on, from another thread.

    Raises:
        UsageError: A project's settings cannot be used, or two notebooks would be saved to one file.
        Interrupted: Ctrl-C, with the partial result of the notebook that was being examined.
    """
    chosen = [(str(path), options(Path(path))) for path in paths]
    _refuse_one_target_for_two(chosen)
    yield from _all_finished(chosen, progress, Examination.verified)


def explain_all(
    paths: Sequence[str | Path],
    options: Callable[[Path], VerifyOptions],
    progress: Progress | None = None,
) -> Iterator[NotebookResult]:
    """Explain many notebooks, one after the other, each result as it comes.

    Args:
        paths: The notebooks.
        options: Gives the settings of each notebook.
        progress: Told what goes on, from another thread.

    Raises:
        UsageError: A project's settings cannot be used.
        Interrupted: Ctrl-C, with the partial result of the notebook that was being examined.
    """
    chosen = [(str(path), options(Path(path))) for path in paths]
    yield from _all_finished(chosen, progress, Examination.explained)


def _all_finished(
    chosen: Sequence[tuple[str, VerifyOptions]], progress: Progress | None, work: Work
) -> Iterator[NotebookResult]:
    watcher = Silent() if progress is None else progress
    for index, (path, settings) in enumerate(chosen):
        yield _finished(path, settings, watcher, (index, len(chosen)), work)


def _refuse_one_target_for_two(chosen: Sequence[tuple[str, VerifyOptions]]) -> None:
    """Two notebooks of the same name, saved to the same place, would leave one behind."""
    targets: dict[Path, str] = {}
    for path, settings in chosen:
        if settings.save is None:
            continue
        target = save_target(path, settings.save)
        if target in targets:
            raise UsageError(
                f"{targets[target]} and {path} would both be saved there",
                where=str(target),
                hint="Save them in two calls, or start in the folder that holds both.",
            )
        targets[target] = path


def _finished(
    path: str, options: VerifyOptions, progress: Progress, place: tuple[int, int], work: Work
) -> NotebookResult:
    started = time.perf_counter()
    stop = Stop()
    try:
        result = _examine(path, options, progress, place, work, stop)
    except ReproError as error:
        result = NotebookResult(
            notebook=path, level=None, status=Status.ERROR, error=failure_of(error)
        )
    result = replace(result, seconds=time.perf_counter() - started)
    progress.notebook_finished(result)
    if stop.reason is not None:
        raise Interrupted(result)
    return result


def _examine(
    path: str,
    options: VerifyOptions,
    progress: Progress,
    place: tuple[int, int],
    work: Work,
    stop: Stop,
) -> NotebookResult:
    notebook = read_notebook(Path(path))
    if options.save is not None:
        save_target(path, options.save)  # an hour of runs is no time to find out that it cannot be
    saved = saved_outputs(notebook, replaces_recording=options.update)
    name = options.kernel_for(notebook.kernel_name)
    examination = Examination(path, notebook, saved, name, options, progress, stop)
    progress.notebook_started(notebook.path, len(notebook.code_cells), *place)
    return in_own_loop(lambda: work(examination), stop)
