"""A digest of what a checkpoint holds, which is the same in every format that holds it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm, algorithm_named
from repro_nb.checkpoints.cores import cores
from repro_nb.checkpoints.progress import ByteProgress, Silent
from repro_nb.checkpoints.remote import shown
from repro_nb.checkpoints.tensors import (
    Entry,
    Place,
    TensorEntry,
    Tensors,
    ValueEntry,
    open_tensors,
)
from repro_nb.checkpoints.tensors.canonical import canonical_text

__all__ = ["HEADER", "ContentDigest", "ContentRow", "content_digest", "content_of"]

HEADER = "repro_nb-content-1"
"""First line of what is hashed; another number when a rule of it changes."""

_BATCH_BYTES = 4 << 20
_BATCH_ENTRIES = 500
_MOST_THREADS = 8


@dataclass(frozen=True, kw_only=True)
class ContentRow:
    """One tensor or value.

    Attributes:
        name: The keys that lead to it, joined by ``/``.
        kind: ``tensor``, or the kind of value.
        dtype: Name of a tensor's data type; empty for a value.
        shape: A tensor's size in each dimension; empty for a value.
        digest: Of a tensor's elements in C order, little-endian; of a value's canonical text.
        place: Where a tensor's bytes lie raw in a file; None where they do not.
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[int, ...]
    digest: str
    place: Place | None

    @property
    def line(self) -> str:
        """The row as the content digest takes it in."""
        return json.dumps(
            [self.name, self.kind, self.dtype, list(self.shape), self.digest], separators=(",", ":")
        )


@dataclass(frozen=True, kw_only=True)
class ContentDigest:
    """Digest of the tensors and values of a checkpoint.

    Attributes:
        digest: Hexadecimal digits, without a prefix.
        algorithm: Name of the algorithm.
        format: The format it was read from; the digest does not depend on it.
        rows: Each tensor and value, sorted by name.
    """

    digest: str
    algorithm: str
    format: str
    rows: tuple[ContentRow, ...]

    def __str__(self) -> str:
        """The digest with all that it depends on."""
        return f"{HEADER.removeprefix('repro_nb-')}-{self.algorithm}:{self.digest}"


def content_digest(
    path: str | Path, algorithm: str = "sha256", progress: ByteProgress | None = None
) -> ContentDigest:
    """The digest of what a checkpoint holds: the same for the same tensors and values, in whatever format.

    Nothing is unpickled or executed, and no framework is imported. Tensors are hashed on several threads, in memory
    that does not grow with them, unless one lies with strides in its file; then that one is in memory.

    Args:
        path: A file, a folder or an address, as `open_tensors` takes it.
        algorithm: Name of the hash algorithm.
        progress: Hears how many bytes were read.

    Raises:
        CheckpointError: It cannot be read; the error names what it is that cannot.
        UnsafeCheckpointError: Loading it would run code, or eat memory or time without end.
        FileChangedError: It was written while it was read.
        UsageError: There is no such algorithm, or a package is not installed.
    """
    with open_tensors(path) as tensors:
        return content_of(tensors, algorithm_named(algorithm), progress or Silent(), shown(path))


def content_of(
    tensors: Tensors, algorithm: Algorithm, progress: ByteProgress, name: str
) -> ContentDigest:
    """The digest of an opened checkpoint.

    Args:
        tensors: It.
        algorithm: The hash algorithm.
        progress: Hears how many bytes were read.
        name: What it is called when progress is told.

    Raises:
        CheckpointError: See `content_digest`.
    """
    progress.expected(name, sum(entry.size for entry in tensors.tensors))
    rows = sorted(_rows(tensors.entries.values(), algorithm, progress), key=lambda row: row.name)
    whole = algorithm.hasher()
    for line in (HEADER, *(row.line for row in rows)):
        whole.update(f"{line}\n".encode())
    return ContentDigest(
        digest=whole.hexdigest(), algorithm=algorithm.name, format=tensors.format, rows=tuple(rows)
    )


def _rows(
    entries: Iterable[Entry], algorithm: Algorithm, progress: ByteProgress
) -> Iterator[ContentRow]:
    """A row for each entry, hashed on several threads: hashing lets go of the interpreter."""
    threads = min(_MOST_THREADS, max(2, cores()))
    row = _row_maker(algorithm, progress)
    with ThreadPoolExecutor(threads, "repro_nb-content") as pool:
        try:
            for rows in pool.map(lambda batch: [row(entry) for entry in batch], _batches(entries)):
                yield from rows
        finally:
            pool.shutdown(cancel_futures=True)


def _batches(entries: Iterable[Entry]) -> list[Sequence[Entry]]:
    """Entries in portions worth a thread's while, the largest first, so that no thread ends long after the others."""
    batches: list[tuple[int, list[Entry]]] = []
    for entry in entries:
        size = entry.size if isinstance(entry, TensorEntry) else 0
        if (
            batches
            and batches[-1][0] + size <= _BATCH_BYTES
            and len(batches[-1][1]) < _BATCH_ENTRIES
        ):
            batches[-1][1].append(entry)
            batches[-1] = (batches[-1][0] + size, batches[-1][1])
        else:
            batches.append((size, [entry]))
    batches.sort(key=lambda batch: -batch[0])
    return [batch for _, batch in batches]


def _row_maker(algorithm: Algorithm, progress: ByteProgress) -> Callable[[Entry], ContentRow]:
    known: dict[tuple[Place, str], str] = {}

    def digest(entry: TensorEntry) -> str:
        hasher = algorithm.hasher()
        for piece in entry.chunks():
            hasher.update(piece)
            progress.advanced(len(piece))
        return hasher.hexdigest()

    def tensor(entry: TensorEntry) -> ContentRow:
        # Tied tensors lie in the same bytes, which are hashed once.
        key = (entry.place, entry.dtype) if entry.place else None
        found = known.get(key) if key else None
        if found is None:
            found = digest(entry)
        if key:
            known[key] = found
        return ContentRow(
            name=entry.name,
            kind="tensor",
            dtype=entry.dtype,
            shape=entry.shape,
            digest=found,
            place=entry.place,
        )

    def row(entry: Entry) -> ContentRow:
        return tensor(entry) if isinstance(entry, TensorEntry) else _value_row(entry, algorithm)

    return row


def _value_row(entry: ValueEntry, algorithm: Algorithm) -> ContentRow:
    hasher = algorithm.hasher()
    hasher.update(canonical_text(entry.value).encode())
    return ContentRow(
        name=entry.name, kind=entry.kind, dtype="", shape=(), digest=hasher.hexdigest(), place=None
    )
