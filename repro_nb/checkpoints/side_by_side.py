"""Several checkpoints at a time: hashing lets go of the interpreter, so each core can work on one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from repro_nb.checkpoints.cores import cores
from repro_nb.checkpoints.progress import ByteProgress, Silent

__all__ = ["side_by_side"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Item, ByteProgress], Result],
    items: Sequence[Item],
    progress: ByteProgress | None = None,
) -> tuple[Result, ...]:
    """What `work` gives for each of `items`, in their order.

    Args:
        work: Called on several threads with an item, and with what it must tell its progress to: that ends it when
            this call is interrupted.
        items: What to work on.
        progress: Hears how it goes on.
    """
    if len(items) <= 1:
        return tuple(work(item, progress or Silent()) for item in items)
    watched = _Stoppable(progress or Silent())
    with ThreadPoolExecutor(cores(), "repro_nb-verify") as pool:
        try:
            return tuple(pool.map(lambda item: work(item, watched), items))
        except BaseException:
            watched.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


class _StoppedError(Exception):
    """Ends a thread whose result nobody waits for any more."""


class _Stoppable:
    """Passes on what it hears, until it is stopped."""

    def __init__(self, progress: ByteProgress) -> None:
        self._progress = progress
        self.stopped = threading.Event()

    def expected(self, name: str, size: int) -> None:
        """Pass it on."""
        self._progress.expected(name, size)

    def advanced(self, size: int) -> None:
        """Pass it on."""
        if self.stopped.is_set():
            raise _StoppedError
        self._progress.advanced(size)
