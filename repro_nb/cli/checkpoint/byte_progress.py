"""A progress bar by bytes: on standard error, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from repro_nb.checkpoints.progress import ByteProgress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["watching_bytes"]


@contextmanager
def watching_bytes() -> Iterator[ByteProgress]:
    """A bar for as long as the block lasts; nothing where nobody would see it."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console  # noqa: PLC0415 - slow
    from rich.progress import (  # noqa: PLC0415 - slow
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress)


class _Bar:
    """One bar over all files; its total grows as they are announced.

    Args:
        progress: Where it is shown; its methods may be called from any thread.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total = 0
        self._task: TaskID = progress.add_task("reading", total=None)

    def expected(self, name: str, size: int) -> None:
        """Adds to the total, and shows which file is read."""
        from rich.markup import escape  # noqa: PLC0415 - slow

        self._total += size
        self._progress.update(self._task, total=self._total, description=escape(name[-40:]))

    def advanced(self, size: int) -> None:
        """Moves the bar."""
        self._progress.advance(self._task, size)
