"""A regular file that was opened once, and is looked at through that one descriptor."""

from __future__ import annotations

import mmap
import os
import stat
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from repro_nb.errors import CheckpointError, FileChangedError

__all__ = ["Identity", "OpenedFile", "identity", "kind_of", "opened", "read_buffer", "unreadable"]

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO without a writer would be waited for
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)

_TICK = 10_000_000
"""Nanoseconds: the longest that common systems leave between two readings of a file's clock."""

_LARGE = 64 * 1024
"""Bytes from which a buffer is worth pages of its own."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)


class Identity(NamedTuple):
    """What tells a file from another one, and from itself after it was written.

    Attributes:
        device: Number of its device.
        inode: Its number there.
        size: In bytes.
        mtime_ns: When its content was last written, in ns.
        ctime_ns: When it, its name or its permissions were last changed, in ns.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class OpenedFile:
    """A regular file that is open for reading; a context manager that closes it.

    Args:
        descriptor: Open for reading; it is this object's to close.
        path: The path it was opened by.

    Attributes:
        descriptor: The file descriptor.
        path: The path it was opened by.
        identity: What it was when it was opened.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self.descriptor = descriptor
        self.path = path
        self.identity = identity(os.fstat(descriptor))

    @property
    def size(self) -> int:
        """Its size in bytes when it was opened."""
        return self.identity.size

    def read_at(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes from offset `start` on. Any number of threads may do so at a time.

        Raises:
            CheckpointError: The bytes cannot be read.
            FileChangedError: The file was cut.
        """
        done = 0
        while done < len(buffer):
            try:
                got = os.preadv(self.descriptor, [buffer[done:]], start + done)
            except OSError as error:
                raise unreadable(self.path, error) from error
            if not got:
                raise FileChangedError("was cut while it was read", where=str(self.path))
            done += got

    def check_unchanged(self) -> None:
        """Make sure that nobody wrote to the file since it was opened, and that its path still leads to it.

        A write through a memory map shows only once the system has noted it, and who sets the times back or has
        write access to the raw device is not seen at all.

        Raises:
            FileChangedError: It was written, cut, grown, removed, or another file was put in its place.
        """
        try:
            now = self.path.stat()
        except OSError as error:
            raise FileChangedError("was removed while it was read", where=str(self.path)) from error
        before, after = self.identity, identity(os.fstat(self.descriptor))
        if (now.st_dev, now.st_ino) != before[:2]:
            raise FileChangedError("was replaced while it was read", where=str(self.path))
        if after.size != before.size:
            how = "grew" if after.size > before.size else "was cut"
            raise FileChangedError(f"{how} while it was read", where=str(self.path))
        if after != before:
            raise FileChangedError("was written while it was read", where=str(self.path))
        if os.pread(
            self.descriptor, 1, before.size
        ):  # files of /proc have no size, and contents all the same
            raise FileChangedError("holds more than its size says", where=str(self.path))

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def detach(self) -> int:
        """The descriptor, which is the caller's to close from now on."""
        descriptor, self.descriptor = self.descriptor, -1
        return descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def opened(path: Path, *, follow: bool = True) -> OpenedFile:
    """Open a regular file.

    What is no regular file is not even opened where that can be known: opening a FIFO or a device has effects.

    Args:
        path: Where it is.
        follow: Whether the last part of `path` may be a symbolic link.

    Raises:
        CheckpointError: It is not there, may not be read, or is no regular file.
    """
    try:
        _check_regular(path.stat(follow_symlinks=follow), path)
        flags = _FLAGS if follow else _FLAGS | getattr(os, "O_NOFOLLOW", 0)
        file = OpenedFile(os.open(path, flags), path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    try:
        _check_regular(os.fstat(file.descriptor), path)
        _let_the_clock_tick(file.identity)
    except BaseException:
        file.close()
        raise
    return file


def read_buffer(size: int) -> memoryview:
    """A buffer of `size` bytes that files are read into as fast as the machine can.

    It starts at a page. A large `bytearray` starts 16 bytes behind one, and AMD's processors copy the pages of a file
    to such a place at a fifth of their speed (``benchmarks/read_buffers.py``).
    """
    return memoryview(mmap.mmap(-1, size) if size >= _LARGE else bytearray(size))


def identity(status: os.stat_result) -> Identity:
    """The identity that a status tells."""
    return Identity(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def kind_of(mode: int) -> str:
    """What a file that is not a regular one is, in words."""
    return next((words for test, words in _KINDS if test(mode)), "no regular file")


def unreadable(path: Path, error: OSError | ValueError) -> CheckpointError:
    """The error for a file that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        return CheckpointError("there is no such file", where=str(path))
    reason = error.strerror if isinstance(error, OSError) else None
    return CheckpointError(f"cannot be read: {reason or error}", where=str(path))


def _check_regular(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise CheckpointError(
            f"this is {kind_of(status.st_mode)}, and no regular file", where=str(path)
        )


def _let_the_clock_tick(written: Identity) -> None:
    """Waits where the file was written a moment ago: a write within the same tick would leave its times as they are."""
    age = time.time_ns() - max(written.mtime_ns, written.ctime_ns)
    if 0 <= age < _TICK:
        time.sleep((_TICK - age) / 1e9)
