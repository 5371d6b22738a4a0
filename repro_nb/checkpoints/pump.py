"""One thread reads a file while others take in what was read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

from repro_nb.checkpoints.opened_file import OpenedFile, read_buffer
from repro_nb.checkpoints.progress import ByteProgress

__all__ = ["pump"]

_BLOCK = 2 * 1024 * 1024
"""Bytes that are handed on at once."""

_AHEAD = 3
"""Blocks that are in memory at a time: read, waiting, taken in."""


def pump(
    file: OpenedFile,
    consumers: Sequence[Callable[[memoryview], object]],
    progress: ByteProgress,
) -> None:
    """Give every consumer every block of a file, in order; each has a thread of its own.

    Raises:
        CheckpointError: It cannot be read.
        FileChangedError: It was cut.
    """
    buffers = [read_buffer(_BLOCK) for _ in range(_AHEAD)]
    taking: deque[list[Future[object]]] = deque()
    with ExitStack() as stack:
        # One worker a consumer keeps the blocks in order.
        workers = [stack.enter_context(ThreadPoolExecutor(1)) for _ in consumers]
        for number, at in enumerate(range(0, file.size, _BLOCK)):
            if len(taking) == _AHEAD:
                _await(taking.popleft())
            block = buffers[number % _AHEAD][: min(_BLOCK, file.size - at)]
            file.read_at(block, at)
            taking.append(
                [
                    worker.submit(take, block)
                    for worker, take in zip(workers, consumers, strict=True)
                ]
            )
            progress.advanced(len(block))
        while taking:
            _await(taking.popleft())


def _await(futures: list[Future[object]]) -> None:
    for future in futures:
        future.result()
