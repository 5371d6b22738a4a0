"""Sources that a user's variables hold: which objects they are, and what state they are in.

An object is recognised by its exact type, or by a known type among its bases. Its state is read through the known
type's own descriptors, so that no method, property or attribute hook of a user's subclass runs.
"""

from __future__ import annotations

import sys
from functools import lru_cache, partial
from typing import Any, Callable, FrozenSet, Iterator, Mapping, NamedTuple, Optional, Tuple

from repro_nb.rng import jax, numpy, python, seed_sequence, tensorflow, torch

__all__ = ["Held", "Reader", "bases_of", "global_ids", "known_types", "read", "reader_of"]


class Held(NamedTuple):
    """A source found in a variable, as it is now. It keeps no reference to the object.

    Attributes:
        identity: Tells the object from every other one: its address, and a hash of what it was made from, since
            addresses are used again. Means nothing in another process.
        kind: Its type in words, such as ``numpy.random.Generator(PCG64)``.
        state: Comparable bytes; None when its device is not initialised.
        advances: False for what cannot change (a JAX key).
        origin: What a numpy generator was seeded from, where it is known.
        seed: The seed that it was given, in words, where its state tells that it was given one. Entropy of the
            system's own is none.
    """

    identity: Tuple[int, int]
    kind: str
    state: Optional[bytes]
    advances: bool = True
    origin: Optional[seed_sequence.Origin] = None
    seed: Optional[str] = None

    @property
    def is_fresh(self) -> bool:
        """Whether it was seeded, and nothing drawn since, where its state tells."""
        return self._nothing_drawn is True

    @property
    def was_drawn_from(self) -> bool:
        """Whether it is certain that something was drawn since it was made or seeded."""
        return self._nothing_drawn is False

    @property
    def _nothing_drawn(self) -> Optional[bool]:
        """None where the state does not tell."""
        if self.state is None:
            return None
        if self.origin is not None:
            return self.state.startswith(seed_sequence.first_state(self.origin))
        check = _FRESH.get(self.kind)
        return None if check is None else check(self.state)


Reader = Callable[[Any], Optional[Held]]

_FRESH: Mapping[str, Callable[[bytes], bool]] = {
    "random.Random": partial(python.PythonSource().is_fresh, "python"),
    "numpy.random.RandomState(MT19937)": partial(numpy.NumpySource().is_fresh, "numpy"),
    "torch.Generator(cpu)": partial(torch.TorchSource().is_fresh, "torch"),
}
_bases = type.__dict__["__mro__"].__get__


def bases_of(cls: type) -> Tuple[type, ...]:
    """``cls.__mro__``, past any metaclass that would answer in its own way."""
    bases: Tuple[type, ...] = _bases(cls)
    return bases


def reader_of(cls: type, known: Mapping[int, Reader]) -> Optional[Reader]:
    """What reads instances of `cls`, given `known_types`; None if they are no sources."""
    for base in bases_of(cls):
        if id(base) in known:
            return known[id(base)]
    return None


def read(value: Any) -> Optional[Held]:
    """`value` as a source; None if it is none."""
    reader = reader_of(type(value), known_types())
    return None if reader is None else reader(value)


def global_ids() -> FrozenSet[int]:
    """Addresses of the global streams, which variables may name too (``check_random_state(None)``)."""
    return frozenset(id(stream) for stream in _global_streams() if stream is not None)


def _global_streams() -> Iterator[Any]:
    yield getattr(sys.modules.get("random"), "_inst", None)
    stream = getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
    yield getattr(stream, "_bit_generator", None)
    yield getattr(sys.modules.get("torch"), "default_generator", None)
    yield tensorflow.global_generator()
    if torch.cuda_is_initialized():
        yield from sys.modules["torch.cuda"].default_generators


_LIBRARIES = ("random", "numpy.random", "torch", "jax._src.array", tensorflow.GENERATORS)


def known_types() -> Mapping[int, Reader]:
    """Readers by address of the type, for the libraries that are loaded."""
    return _table_of(*map(sys.modules.get, _LIBRARIES))


@lru_cache(maxsize=1)
def _table_of(*_: Any) -> Mapping[int, Reader]:
    """The table, made anew when another library is there."""
    return dict(_readers())


def _readers() -> Iterator[Tuple[int, Reader]]:
    for home, names in _READERS.items():
        module = sys.modules.get(home)
        for name, reader in names.items():
            cls = getattr(module, name, None)
            if cls is not None:
                yield id(cls), reader
    for cls in (jax.key_type(), jax.array_type()):
        if cls is not None:
            yield id(cls), _read_key


def _no_source(_: Any) -> None:
    """``SystemRandom`` has no state: its numbers come from the system."""


def _read_python(stream: Any) -> Held:
    return Held((id(stream), 0), "random.Random", python.state_of(stream))


def _read_generator(generator: Any) -> Optional[Held]:
    base = sys.modules["numpy.random"].Generator
    return _read_numpy(
        base.__dict__["bit_generator"].__get__(generator), "numpy.random.Generator({})"
    )


def _read_bit_generator(bit_generator: Any) -> Optional[Held]:
    return _read_numpy(bit_generator, "numpy.random.{}")


def _read_random_state(stream: Any) -> Optional[Held]:
    base = sys.modules["numpy.random"].RandomState
    bit_generator = base.__dict__["_bit_generator"].__get__(stream)
    found = _read_numpy(bit_generator, "numpy.random.RandomState({})")
    return found and found._replace(state=numpy.random_state_state(stream))


def _read_numpy(bit_generator: Any, kind: str) -> Optional[Held]:
    """One of numpy's own bit generators; those of other packages would run their code."""
    name = type(bit_generator).__name__
    if type(bit_generator) is not getattr(sys.modules["numpy.random"], name, None):
        return None
    sequence = seed_sequence.sequence_of(bit_generator)
    origin = seed_sequence.origin_of(name, sequence)
    spawned = 0 if sequence is None else sequence.n_children_spawned
    state = numpy.bit_generator_state(bit_generator) + seed_sequence.SPAWNED.pack(spawned)
    identity = id(bit_generator), hash(origin)
    seed = seed_sequence.seed_of(sequence)
    return Held(identity, kind.format(name), state, origin=origin, seed=seed)


def _read_torch(generator: Any) -> Held:
    device = sys.modules["torch"].Generator.__dict__["device"].__get__(generator)
    state = torch.generator_state(generator)
    seed = None if state is None else torch.seed_of(device.type, state)
    return Held((id(generator), 0), f"torch.Generator({device})", state, seed=seed)


def _read_tensorflow(generator: Any) -> Optional[Held]:
    state = tensorflow.generator_state(generator)
    return None if state is None else Held((id(generator), 0), "tensorflow.random.Generator", state)


def _read_key(array: Any) -> Optional[Held]:
    key = jax.read_key(array)
    if key is None:
        return None
    return Held(
        (id(array), hash(key.data)), f"jax key ({key.implementation})", key.state, advances=False
    )


_READERS: Mapping[str, Mapping[str, Reader]] = {
    "random": {"SystemRandom": _no_source, "Random": _read_python},
    "numpy.random": {
        "Generator": _read_generator,
        "RandomState": _read_random_state,
        **dict.fromkeys(("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"), _read_bit_generator),
    },
    "torch": {"Generator": _read_torch},
    tensorflow.GENERATORS: {"Generator": _read_tensorflow},
}
