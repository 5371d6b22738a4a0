"""numpy's seed sequences: what a bit generator was seeded from, and how many children it has spawned."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.rng.bit_generators import pack

__all__ = ["SPAWNED", "Origin", "first_state", "origin_of", "seed_of", "sequence_of", "spawning"]

SPAWNED = struct.Struct("=q")
"""The number of children, as it stands behind a generator's state."""

_SEED_BITS = 64
_MOST_CHILDREN = 2**32


class Origin(NamedTuple):
    """What one of numpy's bit generators was seeded from: enough to make it again.

    Attributes:
        name: Class of the bit generator.
        entropy: The seed, or what stood in for one.
        spawn_key: Which child of the seed it is.
        pool_size: Words in the pool of the seed sequence.
    """

    name: str
    entropy: int
    spawn_key: Tuple[int, ...]
    pool_size: int


def sequence_of(bit_generator: Any) -> Any:
    """The seed sequence of a bit generator, where it is numpy's own kind; else None."""
    sequence: Any = getattr(bit_generator, "seed_seq", None)
    return sequence if type(sequence) is sys.modules["numpy.random"].SeedSequence else None


def origin_of(name: str, sequence: Any) -> Optional[Origin]:
    """What a bit generator of class `name` was seeded from, where that is an integer."""
    if sequence is None or type(sequence.entropy) is not int:
        return None
    return Origin(name, sequence.entropy, sequence.spawn_key, sequence.pool_size)


def seed_of(sequence: Any) -> Optional[str]:
    """The seed in words; None where the system may have given it: its own entropy has 128 bits."""
    if sequence is None:
        return None
    if type(sequence.entropy) is not int:
        return "a given seed"  # a list, or an integer of numpy's: what the system gives is one of Python's
    if sequence.entropy.bit_length() > _SEED_BITS:
        return None
    child = "".join(f", child {index}" for index in sequence.spawn_key)
    return f"seed {sequence.entropy}{child}"


def first_state(origin: Origin) -> bytes:
    """State of a bit generator just made from `origin`; nothing is asked of the system."""
    random = sys.modules["numpy.random"]
    sequence = random.SeedSequence(
        origin.entropy, spawn_key=origin.spawn_key, pool_size=origin.pool_size
    )
    return pack(getattr(random, origin.name)(sequence).state)


def spawning(sequence: Any, spawned: int) -> Callable[[], None]:
    """What makes `sequence` count `spawned` children, in place, so that it spawns the same ones again.

    Raises:
        RandomStateError: `spawned` is no such number, or this version of numpy does not let the count be set.
    """
    if not 0 <= spawned < _MOST_CHILDREN:
        raise RandomStateError(f"{spawned} is no number of children")
    if sequence is None or sequence.n_children_spawned == spawned:
        return lambda: None
    position = _count_position()
    if position is None:
        raise RandomStateError(
            "this version of numpy does not let the count of spawned children be set"
        )
    state = list(sequence.__reduce__()[2])
    state[position] = spawned
    return lambda: sequence.__setstate_cython__(tuple(state))


@lru_cache(maxsize=None)
def _count_position() -> Optional[int]:
    """Where the count stands in what pickling a sequence would keep, tried on scratch ones; None if it is not found."""
    make = sys.modules["numpy.random"].SeedSequence
    none, some, tried = make(20_011), make(20_011), make(20_011)
    some.spawn(3)
    before, after = (sequence.__reduce__()[2] for sequence in (none, some))
    if not hasattr(tried, "__setstate_cython__") or not isinstance(before, tuple):
        return None
    found = [at for at, value in enumerate(after) if value is not before[at] and type(value) is int]
    if len(found) != 1 or after[found[0]] != 3:  # noqa: PLR2004 - the three spawned above
        return None
    tried.__setstate_cython__(after)
    same = (
        tried.spawn(1)[0].generate_state(4).tobytes()
        == some.spawn(1)[0].generate_state(4).tobytes()
    )
    return found[0] if same else None
