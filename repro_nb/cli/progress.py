"""The progress bar: on standard error, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from repro_nb.rerun.progress import Progress as Watcher
    from repro_nb.rerun.result import NotebookResult

__all__ = ["Bars", "watching"]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher | None]:
    """Bars for as long as the block lasts; None where nobody would see them."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)


class Bars:
    """One bar over notebooks, where there are several, and one over the cells of each run.

    Args:
        progress: Where the bars are shown; its methods may be called from any thread.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all: TaskID | None = None
        self._runs: dict[str, TaskID] = {}
        self._cells = 0

    def notebook_started(self, path: Path, cells: int, index: int, total: int) -> None:
        """Shows how many notebooks are done."""
        self._cells = cells
        if total > 1 and self._all is None:
            self._all = self._progress.add_task("all notebooks", total=total, unit="notebooks")
        if self._all is not None:
            self._progress.update(self._all, completed=index, description=escape(path.name))

    def run_started(self, path: Path, run: str, varied: Sequence[str]) -> None:
        """Adds the bar of a run, with what is varied in it."""
        what = f": {varied[0]}" if len(varied) == 1 else ": all varied" if varied else ""
        description = escape(f"{path.name}, run {run}{what}")
        self._runs[run] = self._progress.add_task(description, total=self._cells, unit="cells")

    def cell_started(self, path: Path, run: str, index: int) -> None:  # noqa: ARG002 - the protocol says what is given
        """Shows how many cells were done before this one; a cell that was skipped counts too."""
        self._progress.update(self._runs[run], completed=index)

    def cell_finished(self, path: Path, run: str, index: int, seconds: float) -> None:  # noqa: ARG002 - the protocol says what is given
        """Counts the cell."""
        self._progress.update(self._runs[run], completed=index + 1)

    def run_finished(self, path: Path, run: str) -> None:  # noqa: ARG002 - the protocol says what is given
        """Removes the run's bar."""
        if run in self._runs:
            self._progress.remove_task(self._runs.pop(run))

    def explanation_planned(self, path: Path, runs: int, seconds: float) -> None:
        """Says what finding out why will take."""
        words = f"{path.name}: up to {runs} more runs will tell why cells differ, in about {seconds:.0f} s"
        self._progress.console.print(escape(words), highlight=False)

    def notebook_finished(self, result: NotebookResult) -> None:  # noqa: ARG002 - the protocol says what is given
        """Counts the notebook."""
        if self._all is not None:
            self._progress.advance(self._all)
