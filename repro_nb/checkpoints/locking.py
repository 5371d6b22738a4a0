"""A lock on an open file, which ends with the process that holds it, however that ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["locked"]


_PAUSE = 0.002
"""Seconds between two tries; a registration holds the lock for a few times that."""


@contextmanager
def locked(descriptor: int, *, alone: bool, patience: float) -> Iterator[None]:
    """Hold the lock of an open file as long as the block lasts; waits for it.

    Threads exclude one another as processes do, as long as each has opened the file for itself.

    Args:
        descriptor: The open file.
        alone: For a writer; readers share the lock among them.
        patience: Seconds to wait for it.

    Raises:
        TimeoutError: Another process held it all that time.
        OSError: The file system has no locks.
    """
    end = time.monotonic() + patience
    while not _lock(descriptor, alone=alone):
        if time.monotonic() > end:
            raise TimeoutError(
                errno.ETIMEDOUT, f"another process has held its lock for {patience:.0f} s"
            )
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        _unlock(descriptor)


if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 40
    """A byte behind every registry: a locked byte cannot be read there."""

    def _lock(descriptor: int, *, alone: bool) -> bool:
        del alone  # this lock knows no sharing
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, *, alone: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
