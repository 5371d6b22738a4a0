"""numpy's streams: the global one, and the state of any ``RandomState`` or bit generator."""

from __future__ import annotations

import struct
import sys
from typing import Any, Callable, Optional, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.rng import mt19937
from repro_nb.rng.bit_generators import TWISTER_BYTES, name_in, pack, unpack
from repro_nb.rng.numpy_memory import GAUSS, Place, layout, portable_state
from repro_nb.rng.source import States

__all__ = [
    "NumpySource",
    "bit_generator_state",
    "random_state_state",
    "restoring_bit_generator",
    "restoring_random_state",
]

_POSITION = struct.Struct("=i")
_HEAD = struct.Struct("=3I")


class NumpySource:
    """The stream behind ``np.random.rand`` and its siblings."""

    name = "numpy"
    module = "numpy.random.mtrand"
    seed_functions: Tuple[str, ...] = (
        "numpy.random.seed",
        "numpy.random.set_state",
        "numpy.random.set_bit_generator",
    )
    limits = ""

    def __init__(self) -> None:
        # The module: a reference to the stream itself would show in its count.
        self._home: Any = None
        self._place: Optional[Place] = None

    def glance(self) -> Any:
        """The words and the deviate kept back, as they lie in memory; None where they cannot be read there."""
        if self._home is None and self._stream() is None:
            return ()
        return None if self._place is None else self._place.read(self._home._rand)  # noqa: SLF001 - has no public name

    def states(self) -> States:
        """State of the stream's bit generator, and the normal deviate kept back."""
        stream = self._stream()
        if stream is None:
            return {}
        state = None if self._place is None else self._place.read(stream)
        return {self.name: random_state_state(stream) if state is None else b"".join(state)}

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        del name
        if len(state) != TWISTER_BYTES + GAUSS.size:
            return False  # the user swapped the bit generator
        (position,) = _POSITION.unpack_from(state, TWISTER_BYTES - _POSITION.size)
        # From entropy of its own, numpy leaves one word over.
        unused = position in (mt19937.WORDS - 1, mt19937.WORDS)
        return unused and mt19937.is_seeded_key(_HEAD.unpack_from(state))

    def seed(self, seed: int) -> None:
        """Set the stream as ``np.random.seed(seed)`` does."""
        mtrand = sys.modules.get(self.module)
        if mtrand is not None:
            mtrand.seed(seed)

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts the stream where it was; a bit generator that was swapped is replaced by one of the old kind."""
        stream, state = self._stream(), states.get(self.name)
        if stream is None or state is None or set(states) != {self.name}:
            raise RandomStateError(
                "numpy's stream is not what this state was read from", where=self.name
            )
        place = self._place
        if place is None or len(state) != TWISTER_BYTES + GAUSS.size or place.read(stream) is None:
            return _swapping(self.module, stream, state)
        _check_twister(state)
        return lambda: _write(place, stream, state)

    def keep(self) -> Any:
        """The words and the deviate kept back, as they lie in memory; or the states."""
        place = self._place
        kept = None if place is None else place.read_whole(self._home._rand)  # noqa: SLF001 - as above
        return kept or self.glance() or self.states()

    def states_of(self, kept: Any) -> States:
        """The words and the deviate as one piece."""
        return kept if type(kept) is dict else {self.name: b"".join(kept)}

    def go_back(self, kept: Any) -> None:
        """Write the words and the deviate back; into a new bit generator of the old kind, if it was swapped."""
        place, stream = self._place, self._home._rand  # noqa: SLF001 - as above
        if place is None or type(kept) is dict or not place.write(stream, *kept):
            self.restoring(self.states_of(kept))()

    def _stream(self) -> Any:
        """The stream, which numpy makes once; `_place` is where it lies."""
        home = sys.modules.get(self.module)
        stream = getattr(home, "_rand", None)
        if self._home is None and stream is not None:
            found = layout()
            self._home, self._place = home, None if found is None else Place(stream, found)
        return stream


def random_state_state(stream: Any) -> bytes:
    """State of a ``RandomState``: its bit generator's, then the normal deviate kept back."""
    generator = _generator_of(stream)
    found = layout()
    state = None if found is None else Place(stream, found).read(stream)
    return portable_state(stream, generator) if state is None else b"".join(state)


def bit_generator_state(generator: Any) -> bytes:
    """State of one of numpy's bit generators, without its seed sequence."""
    found = layout()
    if found is None or type(generator) is not found.twister:
        return pack(generator.state)
    return found.twister_state(generator)


def restoring_random_state(stream: Any, state: bytes) -> Callable[[], None]:
    """What puts a ``RandomState`` where it was when `random_state_state` gave `state`.

    Raises:
        RandomStateError: The state is of another kind of bit generator, or is none.
    """
    base = sys.modules["numpy.random.mtrand"].RandomState
    generator = _generator_of(stream)
    legacy = _legacy(state)
    if legacy["bit_generator"] != type(generator).__name__:
        raise RandomStateError(
            f"its bit generator is {type(generator).__name__}, the state is of {legacy['bit_generator']}"
        )
    return lambda: base.set_state(stream, legacy)


def restoring_bit_generator(generator: Any, state: bytes) -> Callable[[], None]:
    """What puts a bit generator where it was when `bit_generator_state` gave `state`.

    Raises:
        RandomStateError: The state is of another kind of bit generator, or is none.
    """
    name = type(generator).__name__
    if name_in(state) != name:
        raise RandomStateError(f"its bit generator is {name}, the state is of {name_in(state)}")
    unpacked = _as_arrays(unpack(state))

    def restore() -> None:
        generator.state = unpacked

    return restore


def _generator_of(stream: Any) -> Any:
    base = sys.modules["numpy.random.mtrand"].RandomState
    return base.__dict__["_bit_generator"].__get__(stream)


def _swapping(module: str, stream: Any, state: bytes) -> Callable[[], None]:
    legacy = _legacy(state)
    name = legacy["bit_generator"]
    random = sys.modules.get("numpy.random")
    make = getattr(random, name, None)
    if make is None:
        raise RandomStateError(f"this numpy has no bit generator {name}", where="numpy")
    mtrand: Any = sys.modules[module]

    def restore() -> None:
        if type(_generator_of(stream)).__name__ != name:
            mtrand.set_bit_generator(make(0))
        mtrand.set_state(legacy)

    return restore


def _legacy(state: bytes) -> Any:
    """What ``set_state`` takes, from `random_state_state`'s bytes."""
    has_gauss, gauss = _gauss(state)
    return {**_as_arrays(unpack(state[: -GAUSS.size])), "has_gauss": has_gauss, "gauss": gauss}


def _gauss(state: bytes) -> Tuple[int, float]:
    if len(state) <= GAUSS.size:
        raise RandomStateError("these bytes are no state of a RandomState")
    has_gauss, gauss = GAUSS.unpack(state[-GAUSS.size :])
    if has_gauss not in (0, 1):
        raise RandomStateError("these bytes are no state of a RandomState")
    return has_gauss, gauss


def _check_twister(state: bytes) -> None:
    _gauss(state)
    (position,) = _POSITION.unpack_from(state, TWISTER_BYTES - _POSITION.size)
    if not 0 <= position <= mt19937.WORDS or not any(state[: TWISTER_BYTES - _POSITION.size]):
        raise RandomStateError("these bytes are no state of MT19937", where="numpy")


def _write(place: Place, stream: Any, state: bytes) -> None:
    if not place.write(stream, state[:TWISTER_BYTES], state[TWISTER_BYTES:]):
        raise RandomStateError("its bit generator was swapped meanwhile", where="numpy")


def _as_arrays(value: Any) -> Any:
    """The lists in a state as arrays, which some setters insist on."""
    if isinstance(value, dict):
        return {key: _as_arrays(part) for key, part in value.items()}
    if isinstance(value, list):
        numpy: Any = sys.modules["numpy"]
        return numpy.array(
            value, dtype=numpy.uint32 if len(value) == mt19937.WORDS else numpy.uint64
        )
    return value
