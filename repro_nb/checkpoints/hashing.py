"""Hashing files at the speed of the machine: one read of each byte, all cores, and memory that stays the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from repro_nb.checkpoints.algorithms import Algorithm, Hasher
from repro_nb.checkpoints.cores import cores
from repro_nb.checkpoints.mapped import hash_mapped, is_worth_mapping
from repro_nb.checkpoints.opened_file import OpenedFile, read_buffer
from repro_nb.checkpoints.progress import ByteProgress, Silent
from repro_nb.checkpoints.pump import pump

__all__ = [
    "SHARD_SIZE",
    "FileDigest",
    "Shards",
    "hash_file",
    "hash_files",
    "hash_on_this_thread",
    "hash_shards",
]

SHARD_SIZE = 8 * 1024 * 1024
"""Bytes of a shard: how finely damage is localised."""

_BLOCK = 256 * 1024
"""Bytes that one thread reads at once; they are still in its core's cache when they are hashed."""

_SMALL = 4 * 1024 * 1024
"""Bytes below which a second thread costs more than it saves."""


@dataclass(frozen=True, kw_only=True)
class FileDigest:
    """The digests of one file.

    Attributes:
        digest: Of the whole file, in hexadecimal digits.
        size: Of the file, in bytes.
        shards: Of each shard in turn; empty where none were asked for.
    """

    digest: str
    size: int
    shards: tuple[str, ...] = ()


def hash_file(
    file: OpenedFile,
    algorithm: Algorithm,
    *,
    shard_size: int | None = None,
    progress: ByteProgress | None = None,
) -> FileDigest:
    """Hash a file with all cores.

    Args:
        file: The file.
        algorithm: How.
        shard_size: Bytes of the shards that get a digest of their own; None for no shards.
        progress: Hears how it goes on.

    Returns:
        The digest that the standard tool of the algorithm gives, and those of the shards.

    Raises:
        CheckpointError: It cannot be read.
        FileChangedError: It was written, cut, grown, removed or replaced meanwhile.
        UsageError: A package that the algorithm needs is not installed.
    """
    return hash_files([file], algorithm, shard_size=shard_size, progress=progress)[0]


def hash_files(
    files: Sequence[OpenedFile],
    algorithm: Algorithm,
    *,
    shard_size: int | None = None,
    progress: ByteProgress | None = None,
) -> list[FileDigest]:
    """Hash files one after the other, each as `hash_file` does; sooner than one by one where they are many.

    Raises:
        CheckpointError: One cannot be read.
        FileChangedError: One was written, cut, grown, removed or replaced meanwhile.
        UsageError: A package that the algorithm needs is not installed.
    """
    progress = progress or Silent()
    for file in files:
        progress.expected(file.path.name, file.size)
    found: list[FileDigest] = []
    if is_worth_mapping(algorithm, sum(file.size for file in files), shard_size):
        mapped = hash_mapped(files, shard_size, progress)
        for file, (digest, *shards) in zip(files, mapped, strict=False):
            file.check_unchanged()
            found.append(FileDigest(digest=digest, size=file.size, shards=tuple(shards)))
    rest = files[len(found) :]
    return found + [_hash_read(each, algorithm, shard_size, progress, cores()) for each in rest]


def hash_on_this_thread(
    file: OpenedFile,
    algorithm: Algorithm,
    *,
    shard_size: int | None = None,
    progress: ByteProgress | None = None,
) -> FileDigest:
    """The same as `hash_file`, for a caller that hashes several files at a time; `progress` knows of this one already.

    Raises:
        CheckpointError: It cannot be read.
        FileChangedError: It was written, cut, grown, removed or replaced meanwhile.
    """
    return _hash_read(file, algorithm, shard_size, progress or Silent(), 1)


def hash_shards(
    file: OpenedFile,
    algorithm: Algorithm,
    *,
    shard_size: int = SHARD_SIZE,
    progress: ByteProgress | None = None,
) -> tuple[str, ...]:
    """The digests of a file's shards alone, with all cores: together as strong as the whole digest, and sooner known.

    Raises:
        CheckpointError: It cannot be read.
        FileChangedError: It was written, cut, grown, removed or replaced meanwhile.
    """
    progress = progress or Silent()
    progress.expected(file.path.name, file.size)

    mine = threading.local()

    def begin() -> None:
        mine.buffer = read_buffer(_BLOCK)

    def digest_of(start: int) -> str:
        stop = min(start + shard_size, file.size)
        hasher = algorithm.hasher()
        _read_blocks(file, start, stop, [hasher.update], progress, mine.buffer)
        return hasher.hexdigest()

    with ThreadPoolExecutor(cores(), initializer=begin) as pool:
        shards = tuple(pool.map(digest_of, range(0, file.size, shard_size)))
    file.check_unchanged()
    return shards


def _hash_read(
    file: OpenedFile,
    algorithm: Algorithm,
    shard_size: int | None,
    progress: ByteProgress,
    threads: int,
) -> FileDigest:
    whole = algorithm.hasher()
    shards = Shards(algorithm, shard_size) if shard_size else None
    consumers: list[Consumer] = [whole.update, *([shards.update] if shards else ())]
    if threads == 1 or file.size < _SMALL:
        buffer = read_buffer(min(_BLOCK, file.size))
        _read_blocks(file, 0, file.size, consumers, progress, buffer)
    else:
        pump(file, consumers, progress)
    file.check_unchanged()
    return FileDigest(
        digest=whole.hexdigest(), size=file.size, shards=shards.digests() if shards else ()
    )


Consumer = Callable[[memoryview], object]


class Shards:
    """Digests of consecutive shards.

    Args:
        algorithm: How.
        size: Bytes of a shard.
    """

    def __init__(self, algorithm: Algorithm, size: int) -> None:
        self._algorithm = algorithm
        self._size = size
        self._done: list[str] = []
        self._current: Hasher | None = None
        self._missing = size

    def update(self, data: memoryview) -> None:
        """Take `data` in, which may end in any shard."""
        while data:
            if self._current is None:
                self._current, self._missing = self._algorithm.hasher(), self._size
            piece, data = data[: self._missing], data[self._missing :]
            self._current.update(piece)
            self._missing -= len(piece)
            if not self._missing:
                self._finish(self._current)

    def digests(self) -> tuple[str, ...]:
        """The digest of each shard; the last may be a short one."""
        if self._current is not None:
            self._finish(self._current)
        return tuple(self._done)

    def _finish(self, hasher: Hasher) -> None:
        self._done.append(hasher.hexdigest())
        self._current = None


def _read_blocks(
    file: OpenedFile,
    start: int,
    stop: int,
    consumers: list[Consumer],
    progress: ByteProgress,
    buffer: memoryview,
) -> None:
    for at in range(start, stop, _BLOCK):
        block = buffer[: min(_BLOCK, stop - at)]
        file.read_at(block, at)
        for consume in consumers:
            consume(block)
        progress.advanced(len(block))
