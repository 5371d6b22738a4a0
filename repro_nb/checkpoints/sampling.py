"""A random sample of a checkpoint that is trusted for the rest: some of its shards are hashed all the same."""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.hashing import SHARD_SIZE
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.registered_parts import RegisteredFile
from repro_nb.checkpoints.registration import Registration

__all__ = ["Sample", "sample"]

_SHARE = 0.02
_LEAST = 2


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a sample found.

    Attributes:
        read: How many shards of 8 MiB were hashed.
        of: How many there are.
        agrees: Whether each of them has the digest that was registered.
    """

    read: int
    of: int
    agrees: bool


def sample(path: Path, registration: Registration) -> Sample:
    """Hash at least two shards of a checkpoint, or 2 % of them, chosen by the system's entropy.

    Raises:
        OSError: A file cannot be read.
        CheckpointError: Likewise.
    """
    places = [(file, at) for file in registration.files for at in range(len(file.shards))]
    count = min(len(places), max(_LEAST, math.ceil(_SHARE * len(places))))
    # Who damages a checkpoint must not know which shards are looked at; nor is the user's stream drawn from.
    chosen = random.SystemRandom().sample(places, count)
    agrees = all(_is_as_registered(path, file, at, registration.algorithm) for file, at in chosen)
    return Sample(read=count, of=len(places), agrees=agrees)


def _is_as_registered(path: Path, file: RegisteredFile, at: int, algorithm: str) -> bool:
    hasher = algorithm_named(algorithm).hasher()
    with open_regular(path / file.name) as opened:
        hasher.update(_read(opened.descriptor, at * SHARD_SIZE))
    return hasher.hexdigest().startswith(file.shards[at])


def _read(descriptor: int, start: int) -> bytes:
    os.lseek(descriptor, start, os.SEEK_SET)
    pieces: list[bytes] = []
    missing = SHARD_SIZE
    while missing and (piece := os.read(descriptor, missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
