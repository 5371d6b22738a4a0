"""The program of the process that hashes a mapped file; see ``mapped.py``. It is run as a script.

It imports next to nothing: ``typing`` alone would double the time that it takes to start.
"""

from __future__ import annotations

import mmap
import sys

__all__ = ["STEP"]

STEP = 64 * 1024 * 1024
"""Bytes that are hashed between two reports of progress; a multiple of every system's page size."""

_WINDOW = 4 * STEP
"""Bytes that are mapped at a time: mapping fewer costs time, and more would make the process look large."""


def main(folder: str, shard_size: int, *files: int) -> None:
    """Print progress, and after each file the digests of it and its shards.

    Args:
        folder: What holds the package ``blake3``.
        shard_size: Bytes of a shard, which divide a step; 0 for no shards.
        files: The descriptor of each file, open for reading, and its size in bytes.
    """
    sys.path.append(folder)
    for descriptor, size in zip(files[::2], files[1::2], strict=True):
        digests = hash_one(descriptor, size, shard_size)
        print("digests", *digests, flush=True)  # noqa: T201 - what the caller reads


def hash_one(descriptor: int, size: int, shard_size: int) -> list[str]:
    """The digest of a file, and those of its shards; prints progress."""
    from blake3 import blake3  # noqa: PLC0415 - its place was not known before

    whole = blake3(max_threads=blake3.AUTO)
    shards: list[str] = []
    for start in range(0, size, _WINDOW):
        length = min(_WINDOW, size - start)
        with (
            mmap.mmap(descriptor, length, access=mmap.ACCESS_READ, offset=start) as window,
            memoryview(window) as view,
        ):
            for at in range(0, length, STEP):
                with view[at : at + STEP] as step:
                    whole.update(step)
                    for shard in range(0, len(step), shard_size) if shard_size else ():
                        with step[shard : shard + shard_size] as piece:
                            digest = blake3(piece, max_threads=blake3.AUTO).hexdigest()
                        shards.append(digest)
                    print("advanced", len(step), flush=True)  # noqa: T201 - what the caller reads
    return [whole.hexdigest(), *shards]


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
