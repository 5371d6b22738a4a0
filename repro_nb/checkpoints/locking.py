"""A lock on an open file, which ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["locked"]


@contextmanager
def locked(descriptor: int, *, alone: bool) -> Iterator[None]:
    """Hold the lock of an open file as long as the block lasts; waits for it.

    Threads exclude one another as processes do, as long as each has opened the file for itself.

    Args:
        descriptor: The open file.
        alone: For a writer; readers share the lock among them.

    Raises:
        OSError: The file system has no locks.
    """
    _lock(descriptor, alone=alone)
    try:
        yield
    finally:
        _unlock(descriptor)


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 40
    """A byte behind every registry: a locked byte cannot be read there."""

    def _lock(descriptor: int, *, alone: bool) -> None:
        del alone  # this lock knows no sharing
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, *, alone: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
