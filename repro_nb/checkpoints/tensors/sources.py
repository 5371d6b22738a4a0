"""Where bytes of tensors come from: a file as it lies there, memory, another byte order, a view with strides."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.opened_file import OpenedFile, read_buffer
from repro_nb.checkpoints.tensors.entries import ByteSource
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError

__all__ = [
    "FileBytes",
    "MemoryBytes",
    "Streamed",
    "Swapped",
    "read",
    "stream",
]


def read(file: OpenedFile, start: int, size: int) -> bytes:
    """`size` bytes of a file from `start` on.

    Raises:
        CheckpointError: It was never that long.
        FileChangedError: It was cut meanwhile.
    """
    if start < 0 or size < 0 or start + size > file.size:
        raise CheckpointError("ends before what it says it holds", where=str(file.path))
    return b"".join(
        bytes(piece)
        for piece in FileBytes(file, ByteRange(start=start, stop=start + size)).chunks(1 << 24)
    )


@dataclass(frozen=True)
class FileBytes:
    """Bytes as they lie in a file. Any number of threads may read at a time.

    Attributes:
        file: The file; it stays open for as long as this is used.
        range: The bytes.
    """

    file: OpenedFile
    range: ByteRange

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes, through one buffer that is used again."""
        size = self.range.stop - self.range.start
        buffer = read_buffer(min(limit, size))
        for start in range(self.range.start, self.range.stop, limit):
            piece = buffer[: min(limit, self.range.stop - start)]
            self.file.read_at(piece, start)
            yield piece


@dataclass(frozen=True)
class MemoryBytes:
    """Bytes in memory."""

    data: bytes | memoryview

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes, without a copy."""
        view = memoryview(self.data)
        for start in range(0, len(view), limit):
            yield view[start : start + limit]


def rechunked(pieces: Iterable[Any], limit: int) -> Iterator[memoryview]:
    """Bytes that come in pieces of any size, in pieces of `limit`, the last one shorter.

    Args:
        pieces: Bytes, or arrays of bytes.
        limit: Bytes of each piece that is given.
    """
    pending = bytearray()
    for piece in pieces:
        pending += memoryview(piece)
        whole = len(pending) // limit * limit
        yield from MemoryBytes(bytes(pending[:whole])).chunks(limit)
        del pending[:whole]
    yield from MemoryBytes(bytes(pending)).chunks(limit)


@dataclass(frozen=True)
class Streamed:
    """Bytes that come out of a stream, such as a compressed member of an archive.

    Attributes:
        opened: Opens the stream.
        skip: Bytes before the first.
        size: How many there are.
        what: What it is, for the error.
    """

    opened: Callable[[], Any]
    skip: int
    size: int
    what: str

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes; the stream must end with them."""
        with self.opened() as source:
            self._exactly(source, self.skip)
            for start in range(0, self.size, limit):
                yield memoryview(self._exactly(source, min(limit, self.size - start)))
            if source.read(1):
                raise CheckpointError("holds more bytes than its tensor", where=self.what)

    def _exactly(self, source: Any, size: int) -> bytes:
        data: bytes = source.read(size)
        if len(data) != size:
            raise CheckpointError("holds fewer bytes than its tensor", where=self.what)
        return data


@dataclass(frozen=True)
class Swapped:
    """Big-endian bytes, given as little-endian ones.

    Attributes:
        source: The bytes as they are stored.
        word: Bytes of one number.
    """

    source: ByteSource
    word: int

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes of each number in reverse."""
        for piece in self.source.chunks(limit):
            swapped = bytearray(len(piece))
            for place in range(self.word):
                swapped[place :: self.word] = piece[self.word - 1 - place :: self.word]
            yield memoryview(swapped)


class _Positioned(io.RawIOBase):
    """A file that keeps a position of its own, beside others on the same descriptor."""

    def __init__(self, file: OpenedFile, start: int, stop: int) -> None:
        self._file = file
        self._start, self._size = start, stop - start
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("a position before the start of the file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        size = max(0, min(len(buffer), self._size - self._at))
        if not size:
            return 0
        self._file.read_at(memoryview(buffer)[:size], self._start + self._at)
        self._at += size
        return size


def stream(file: OpenedFile, start: int = 0, stop: int | None = None) -> io.BufferedReader:
    """The file, or bytes of it, as a stream with a position of its own.

    Args:
        file: An open file; it stays the caller's to close.
        start: Offset of the first byte.
        stop: Offset after the last; the file's end when None.
    """
    return io.BufferedReader(_Positioned(file, start, file.size if stop is None else stop))
