"""Putting the sources that a user's variables hold where they were, or into a stream of their own: always in place."""

from __future__ import annotations

import sys
from typing import Any, Callable, Mapping

from repro_nb.errors import RandomStateError
from repro_nb.rng import numpy, python, seed_sequence, tensorflow, torch
from repro_nb.rng.held import read

__all__ = ["reseeding", "restoring", "restoring_at"]

Step = Callable[[], None]


def restoring_at(path: str, source: Any, kind: str, state: bytes) -> Step:
    """What `restoring` gives; an error says that it was about `path`."""
    try:
        return restoring(source, kind, state)
    except RandomStateError as error:
        raise RandomStateError(error.message, where=path, hint=error.hint) from error


def restoring(source: Any, kind: str, state: bytes) -> Step:
    """What puts `source` where it was when it was read as a `Held` of `kind` with `state`.

    Everything is checked before this returns, and nothing changes before the result is called.

    Raises:
        RandomStateError: `source` is of another kind now, cannot change (a JAX key), or the state is damaged.
    """
    found = read(source)
    if found is None or found.kind != kind:
        now = type(source).__name__ if found is None else found.kind
        raise RandomStateError(f"it is {now}, and the state is of {kind}")
    return _RESTORERS[_family(kind)](source, state)


def reseeding(source: Any, seed: int) -> Step:
    """What sets `source` as if it had just been made from `seed`; numpy's, from ``SeedSequence(seed)``.

    Children that it spawns stay children of the seed that it was made from.

    Args:
        source: A generator that `read` knows.
        seed: An integer of up to 64 bits.

    Raises:
        RandomStateError: `source` is no generator, or cannot change.
    """
    found = read(source)
    if found is None or not found.advances:
        raise RandomStateError(f"{type(source).__name__} is no generator that can be seeded")
    family = _family(found.kind)
    if family == "torch.Generator":
        return lambda: sys.modules["torch"].Generator.manual_seed(source, seed) and None
    if family == "tensorflow.random.Generator":
        return tensorflow.reseeding_generator(source, seed)
    if family == "random.Random":
        made = sys.modules["random"].Random(seed)
        return restoring(source, found.kind, python.state_of(made))
    random: Any = sys.modules["numpy.random"]
    kind = found.kind.partition("(")[2].rstrip(")") or found.kind.rpartition(".")[2]
    fresh = getattr(random, kind)(random.SeedSequence(seed))
    if family == "numpy.random.RandomState":
        return restoring(source, found.kind, numpy.random_state_state(random.RandomState(fresh)))
    state = numpy.bit_generator_state(fresh) + seed_sequence.SPAWNED.pack(0)
    return restoring(source, found.kind, state)


def _family(kind: str) -> str:
    """What is told by the first words of a kind; the bit generators are one family."""
    family = kind.partition("(")[0]
    return family if family in _RESTORERS else _BIT_GENERATOR


def _unchanging(_source: Any, _state: bytes) -> Step:
    raise RandomStateError("a JAX key is a value: it cannot change, and so cannot be put back")


def _generator(source: Any, state: bytes) -> Step:
    base = sys.modules["numpy.random"].Generator
    return _bit_generator(base.__dict__["bit_generator"].__get__(source), state)


def _bit_generator(source: Any, state: bytes) -> Step:
    size = seed_sequence.SPAWNED.size
    if len(state) <= size:
        raise RandomStateError("these bytes are no state of a generator")
    (spawned,) = seed_sequence.SPAWNED.unpack(state[-size:])
    drawn = numpy.restoring_bit_generator(source, state[:-size])
    counted = seed_sequence.spawning(seed_sequence.sequence_of(source), spawned)

    def restore() -> None:
        drawn()
        counted()

    return restore


_BIT_GENERATOR = "numpy.random.BitGenerator"
_RESTORERS: Mapping[str, Callable[[Any, bytes], Step]] = {
    "random.Random": python.restoring,
    "numpy.random.Generator": _generator,
    "numpy.random.RandomState": numpy.restoring_random_state,
    _BIT_GENERATOR: _bit_generator,
    "torch.Generator": torch.restoring_generator,
    "tensorflow.random.Generator": tensorflow.restoring_generator,
    "jax key ": _unchanging,
}
