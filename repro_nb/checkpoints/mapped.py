"""BLAKE3 over a memory map, in a process of its own.

Hashing mapped pages saves the copy that reading makes. But where a mapped file is cut, the system ends the process that
touches the lost pages (SIGBUS). So a child maps the files; when it dies, the caller lives on and says what happened.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from repro_nb.checkpoints.algorithms import Algorithm
from repro_nb.checkpoints.mapped_child import STEP
from repro_nb.checkpoints.opened_file import OpenedFile
from repro_nb.checkpoints.progress import ByteProgress

__all__ = ["hash_mapped", "is_worth_mapping"]

_WORTH = 256 * 1024 * 1024
"""Bytes from which the child's start takes less time than it saves."""

_CHILD = Path(__file__).with_name("mapped_child.py")


def is_worth_mapping(algorithm: Algorithm, size: int, shard_size: int | None = None) -> bool:
    """Whether files of `size` bytes together are hashed sooner by the child, whose steps hold whole shards alone."""
    return (
        algorithm.name == "blake3"
        and size >= _WORTH
        and STEP % (shard_size or STEP) == 0
        and os.name == "posix"
        and "python" in Path(sys.executable or "").name  # not a program that embeds Python
        and _CHILD.is_file()
    )


def hash_mapped(
    files: Sequence[OpenedFile], shard_size: int | None, progress: ByteProgress
) -> list[tuple[str, ...]]:
    """The BLAKE3 digest of each file and then those of its shards, up to the file at which the child failed.

    Args:
        files: The files.
        shard_size: Bytes of a shard; None for no shards.
        progress: Hears how it goes on; where the child fails, it is told that bytes are going to be read again.
    """
    library = importlib.util.find_spec("blake3")
    if library is None or library.origin is None:
        return []  # who reads the files instead says what to install
    folder = Path(library.origin).parent.parent
    numbers = [shard_size or 0, *(n for file in files for n in (file.descriptor, file.size))]
    # -I and -S: neither the user's settings nor the site's are of any use there, and both take time.
    command = [sys.executable, "-I", "-S", str(_CHILD), str(folder), *map(str, numbers)]
    try:
        child = subprocess.Popen(  # noqa: S603 - our own file, in the interpreter that runs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[file.descriptor for file in files],
            start_new_session=True,  # Ctrl-C is for the caller, who ends the child
        )
    except OSError:
        return []  # no memory or no right for a process: the files are read instead
    with child:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        try:
            return _follow(child.stdout, files, progress)
        finally:
            child.kill()


def _follow(
    lines: IO[bytes], files: Sequence[OpenedFile], progress: ByteProgress
) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    done = 0
    for line in lines:
        word, *rest = line.decode("ascii").split()
        if word == "digests":
            found.append(tuple(rest))
            done = 0
        else:
            progress.advanced(int(rest[0]))
            done += int(rest[0])
    if done:
        progress.expected(files[len(found)].path.name, done)
    return found
