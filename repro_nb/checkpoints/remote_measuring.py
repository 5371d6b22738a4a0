"""Digests of checkpoints that lie elsewhere: the same as if they were here, from one pass over the stream."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm
from repro_nb.checkpoints.hashing import SHARD_SIZE, Shards
from repro_nb.checkpoints.progress import ByteProgress, Silent
from repro_nb.checkpoints.remote import Place, locate
from repro_nb.checkpoints.safe_names import canonical_name, check_no_clash, safe_name
from repro_nb.checkpoints.tree_listing import FOLDERS, LEFT_OUT
from repro_nb.checkpoints.trees import Measured, TreeRow, tree_digest
from repro_nb.errors import CheckpointError, FileChangedError

__all__ = ["local_copy", "measure_remote"]

_AT_ONCE = 4
"""Objects that are fetched at a time; each takes up to two blocks of memory."""


def measure_remote(
    address: str,
    algorithm: Algorithm,
    *,
    shards: bool = False,
    progress: ByteProgress | None = None,
) -> Measured:
    """Hash a checkpoint in a store, be it an object or a folder of them. Memory stays bounded.

    Args:
        address: Where it is.
        algorithm: How.
        shards: Whether each 8 MiB get a digest of their own.
        progress: Hears how it goes on.

    Raises:
        CheckpointError: It is not there, is empty, cannot be read, or has a name that no file can have.
        FileChangedError: It was written meanwhile.
        UsageError: The address cannot be used, or a package is not installed.
    """
    algorithm.hasher()  # what is missing is told before anything is fetched
    progress = progress or Silent()
    place = locate(address)
    if place.is_folder():
        return _folder(place, algorithm, shards, progress)
    row = _row(place, place.name, algorithm, shards, progress)
    return Measured(kind="file", digest=row.digest, size=row.size, rows=(row,))


@contextmanager
def local_copy(address: str, progress: ByteProgress | None = None) -> Iterator[Path]:
    """A copy on this machine's disk for as long as the block lasts, for what must seek in a file.

    Args:
        address: Where the checkpoint is, an object or a folder of them.
        progress: Hears how it goes on.

    Raises:
        CheckpointError: It is not there, cannot be read, or has a name that no file can have; and what the block
            raises of the copy, told of the address.
        FileChangedError: It was written meanwhile.
        UsageError: The address cannot be used, or a package is not installed.
    """
    place, progress = locate(address), progress or Silent()
    with tempfile.TemporaryDirectory(prefix="repro_nb-") as folder:
        path = Path(folder, place.name or "checkpoint")
        if place.is_folder():
            for name in _names(place):
                _copy(place.child(name), path / name, progress)
        else:
            _copy(place, path, progress)
        try:
            yield path
        except CheckpointError as error:
            where = (error.where or "").replace(str(path), place.address)
            raise type(error)(error.message, where=where, hint=error.hint) from error


def _copy(place: Place, path: Path, progress: ByteProgress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with place.open() as remote, path.open("xb") as file:
        progress.expected(place.name, remote.size or 0)
        for block in remote.blocks():
            file.write(block)
            progress.advanced(len(block))


def _folder(place: Place, algorithm: Algorithm, shards: bool, progress: ByteProgress) -> Measured:
    before = _names(place)
    if not before:
        raise CheckpointError("there is no file in this folder", where=place.address)

    def row(name: str) -> TreeRow:
        return _row(place.child(name), name, algorithm, shards, progress)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        rows = tuple(pool.map(row, sorted(before, key=canonical_name)))
    if _names(place) != before:
        raise FileChangedError("it was changed while it was read", where=place.address)
    size = sum(row.size for row in rows)
    return Measured(kind="directory", digest=tree_digest(rows, algorithm), size=size, rows=rows)


def _names(place: Place) -> dict[str, object]:
    """The objects in a folder that count, with their versions."""
    found: dict[str, object] = {
        safe_name(name): version
        for name, version in place.below().items()
        if not (name in LEFT_OUT or any(name.startswith(f"{each}/") for each in FOLDERS))
    }
    check_no_clash(found)
    return found


def _row(
    place: Place, name: str, algorithm: Algorithm, shards: bool, progress: ByteProgress
) -> TreeRow:
    whole = algorithm.hasher()
    leaves = Shards(algorithm, SHARD_SIZE) if shards else None
    count = 0
    with place.open() as file:
        progress.expected(name, file.size or 0)
        for block in file.blocks():
            whole.update(block)
            if leaves:
                leaves.update(block)
            count += len(block)
            progress.advanced(len(block))
    digests = leaves.digests() if leaves else ()
    return TreeRow(name=name, size=count, digest=whole.hexdigest(), shards=digests)
