"""The digests of a checkpoint, be it a file, a folder, or something that lies elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm
from repro_nb.checkpoints.hashing import SHARD_SIZE, hash_file
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.remote import is_remote
from repro_nb.checkpoints.remote_measuring import measure_remote
from repro_nb.checkpoints.trees import Measured, TreeRow, hash_tree

__all__ = ["measure"]


def measure(
    path: str | os.PathLike[str],
    algorithm: Algorithm,
    *,
    shards: bool = False,
    progress: ByteProgress | None = None,
) -> Measured:
    """Hash a checkpoint, be it a file or a folder, with all cores.

    Args:
        path: Where it is; an address such as ``s3://bucket/model.pth`` is read as a stream.
        algorithm: How.
        shards: Whether each 8 MiB get a digest of their own.
        progress: Hears how it goes on.

    Raises:
        CheckpointError: It is not there, cannot be read, or holds what cannot be hashed.
        FileChangedError: It was written meanwhile.
        UsageError: A package that the algorithm needs is not installed.
    """
    if is_remote(path):
        return measure_remote(str(path), algorithm, shards=shards, progress=progress)
    path = Path(path)
    if path.is_dir():
        tree = hash_tree(path, algorithm, shards=shards, progress=progress)
        return Measured(kind="directory", digest=tree.digest, size=tree.size, rows=tree.rows)
    with open_regular(path) as file:
        found = hash_file(
            file, algorithm, shard_size=SHARD_SIZE if shards else None, progress=progress
        )
    row = TreeRow(name=path.name, size=found.size, digest=found.digest, shards=found.shards)
    return Measured(kind="file", digest=found.digest, size=found.size, rows=(row,))
