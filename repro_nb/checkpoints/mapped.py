"""BLAKE3 over a memory map, in a process of its own.

Hashing mapped pages saves the copy that reading makes. But where a mapped file is cut, the system ends the process that
touches the lost pages (SIGBUS). So a child maps the file; when it dies, the caller lives on and says what happened.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
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
    """Whether a file of `size` bytes is hashed sooner by the child, whose steps hold whole shards alone."""
    return (
        algorithm.name == "blake3"
        and size >= _WORTH
        and STEP % (shard_size or STEP) == 0
        and os.name == "posix"
        and "python" in Path(sys.executable or "").name  # not a program that embeds Python
        and _CHILD.is_file()
    )


def hash_mapped(
    file: OpenedFile, shard_size: int | None, progress: ByteProgress
) -> tuple[str, ...] | None:
    """The BLAKE3 digest of a file and then those of its shards; None where the child did not come to an end.

    Args:
        file: The file.
        shard_size: Bytes of a shard; None for no shards.
        progress: Hears how it goes on; where the child fails, it is told that bytes are going to be read again.
    """
    library = importlib.util.find_spec("blake3")
    if library is None or library.origin is None:
        return None  # who reads the file instead says what to install
    folder = Path(library.origin).parent.parent
    arguments = (file.descriptor, file.size, shard_size or 0)
    # -I and -S: neither the user's settings nor the site's are of any use there, and both take time.
    command = [sys.executable, "-I", "-S", str(_CHILD), str(folder), *map(str, arguments)]
    try:
        child = subprocess.Popen(  # noqa: S603 - our own file, in the interpreter that runs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[file.descriptor],
            start_new_session=True,  # Ctrl-C is for the caller, who ends the child
        )
    except OSError:
        return None  # no memory or no right for a process: the file is read instead
    with child:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        try:
            return _follow(child.stdout, file.path.name, progress)
        finally:
            child.kill()


def _follow(lines: IO[bytes], name: str, progress: ByteProgress) -> tuple[str, ...] | None:
    done = 0
    for line in lines:
        word, *rest = line.decode("ascii").split()
        if word == "digests":
            return tuple(rest)
        progress.advanced(int(rest[0]))
        done += int(rest[0])
    progress.expected(name, done)
    return None
