"""numpy's streams: the global one, and the state of any ``RandomState`` or bit generator."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple

from repro_nb.rng import memory, mt19937

__all__ = [
    "NumpySource",
    "Origin",
    "bit_generator_state",
    "first_state",
    "random_state_state",
    "seed_of",
]

_POSITION = struct.Struct("=i")
_POINTER = struct.Struct("P")
_GAUSS = struct.Struct("@id")  # as the C structure has it, padding included
_KEY_BYTES = 4 * mt19937.WORDS
_TWISTER_BYTES = _KEY_BYTES + _POSITION.size
_HEAD = struct.Struct("=3I")
_SEED_BITS = 64


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


class NumpySource:
    """The stream behind ``np.random.rand`` and its siblings."""

    name = "numpy"
    module = "numpy.random.mtrand"
    seed_functions: Tuple[str, ...] = (
        "numpy.random.seed",
        "numpy.random.set_state",
        "numpy.random.set_bit_generator",
    )

    def __init__(self) -> None:
        self._id = 0  # a reference would show in the stream's count
        self._windows: Optional[_Windows] = None

    def glance(self) -> Any:
        """The words and the deviate kept back, as they lie in memory; None where they cannot be read there."""
        stream = getattr(sys.modules.get(self.module), "_rand", None)
        if id(stream) != self._id:
            layout = None if stream is None else _layout()
            self._id = id(stream)
            self._windows = None if layout is None else _Windows(stream, layout)
        return None if self._windows is None else self._windows.read(stream)

    def states(self) -> Mapping[str, Optional[bytes]]:
        """State of the stream's bit generator, and the normal deviate kept back."""
        stream = getattr(sys.modules.get(self.module), "_rand", None)
        return {} if stream is None else {self.name: random_state_state(stream)}

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        del name
        if len(state) != _TWISTER_BYTES + _GAUSS.size:
            return False  # the user swapped the bit generator
        (position,) = _POSITION.unpack_from(state, _KEY_BYTES)
        # From entropy of its own, numpy leaves one word over.
        unused = position in (mt19937.WORDS - 1, mt19937.WORDS)
        return unused and mt19937.is_seeded_key(_HEAD.unpack_from(state))

    def seed(self, seed: int) -> None:
        """Set the stream as ``np.random.seed(seed)`` does."""
        mtrand = sys.modules.get(self.module)
        if mtrand is not None:
            mtrand.seed(seed)


class _Layout(NamedTuple):
    """Where numpy keeps states in memory.

    Attributes:
        state_pointer: Offset in a ``RandomState`` of the pointer to its bit generator's state.
        gauss: Offset in a ``RandomState`` of the normal deviate kept back.
        structure: Gives the address of the C structure in a bit generator's capsule; the structure begins
            with a pointer to the state.
        twister: The class ``MT19937``, the one whose state is read in memory.
    """

    state_pointer: int
    gauss: int
    structure: Callable[[Any, bytes], int]
    twister: type


class _Windows:
    """Where one ``RandomState`` lies in memory. Its bit generator can be swapped, so it is asked for each time."""

    def __init__(self, stream: Any, layout: _Layout) -> None:
        self._twister = layout.twister
        self._pointer = memory.pointer_window(id(stream) + layout.state_pointer)
        self._gauss = memory.window(id(stream) + layout.gauss, _GAUSS.size)
        self._address: Optional[int] = None
        self._words: Optional[memory.Window] = None

    def read(self, stream: Any) -> Any:
        """What is there; None while the bit generator is of another kind."""
        if type(stream._bit_generator) is not self._twister:  # noqa: SLF001 - its public twin makes a copy
            return None
        address = self._pointer.value
        if self._words is None or address != self._address:
            self._address, self._words = address, memory.window(address or 0, _TWISTER_BYTES)
        return self._words.raw, self._gauss.raw


def random_state_state(stream: Any) -> bytes:
    """State of a ``RandomState``: its bit generator's, then the normal deviate kept back."""
    base = sys.modules["numpy.random.mtrand"].RandomState
    generator = base.__dict__["_bit_generator"].__get__(stream)
    layout = _layout()
    if layout is None or type(generator) is not layout.twister:
        return _portable(stream, generator)
    return _fast(layout, stream)


def bit_generator_state(generator: Any) -> bytes:
    """State of one of numpy's bit generators, without its seed sequence."""
    layout = _layout()
    if layout is None or type(generator) is not layout.twister:
        return _encode(generator.state)
    return _fast_twister(layout, generator)


def seed_of(origin: Origin) -> Optional[str]:
    """The seed in words; None where it is as long as the system's own entropy, which has 128 bits."""
    if origin.entropy.bit_length() > _SEED_BITS:
        return None
    child = "".join(f", child {index}" for index in origin.spawn_key)
    return f"seed {origin.entropy}{child}"


def first_state(origin: Origin) -> bytes:
    """`bit_generator_state` of a bit generator just made from `origin`; nothing is asked of the system."""
    random = sys.modules["numpy.random"]
    sequence = random.SeedSequence(
        origin.entropy, spawn_key=origin.spawn_key, pool_size=origin.pool_size
    )
    return bit_generator_state(getattr(random, origin.name)(sequence))


def _fast(layout: _Layout, stream: Any) -> bytes:
    start = id(stream)
    twister = memory.read(memory.pointer(start + layout.state_pointer), _TWISTER_BYTES)
    return twister + memory.read(start + layout.gauss, _GAUSS.size)


def _fast_twister(layout: _Layout, generator: Any) -> bytes:
    structure = layout.structure(generator.capsule, b"BitGenerator")
    return memory.read(memory.pointer(structure), _TWISTER_BYTES)


def _portable(stream: Any, generator: Any) -> bytes:
    base = sys.modules["numpy.random.mtrand"].RandomState
    whole = base.get_state(stream, legacy=False)
    return _encode(generator.state) + _GAUSS.pack(whole["has_gauss"], whole["gauss"])


def _encode(value: Any) -> bytes:
    """A bit generator's ``state`` as bytes; the twister's as it lies in memory."""
    if type(value) is dict:
        if value.get("bit_generator", "").startswith("PCG64"):
            return repr(value).encode()  # nothing but integers
        if value.get("bit_generator") == "MT19937":
            inner = value["state"]
            return bytes(inner["key"].tobytes()) + _POSITION.pack(inner["pos"])
        return b"".join(_encode(value[key]) for key in sorted(value))
    if hasattr(value, "tobytes"):  # the words of Philox and SFC64 are arrays
        return bytes(value.tobytes())
    return f"{value};".encode()


@lru_cache(maxsize=None)
def _layout() -> Optional[_Layout]:
    """Where this numpy keeps its states, found in a scratch generator; None where its getters must serve.

    A ``RandomState`` holds a copy of the C structure ``bitgen_t``, which begins with a pointer to the state, and
    another structure: a pointer to that copy, a flag, the deviate.
    """
    if not memory.is_readable():
        return None
    structure, scratch = _capsule_opener(), _scratch(20_011)
    own = memory.read(id(scratch), type(scratch).__basicsize__)
    state = memory.pointer(structure(scratch._bit_generator.capsule, b"BitGenerator"))  # noqa: SLF001 - its public twin imports more
    state_pointer = own.find(_POINTER.pack(state))
    back_pointer = own.find(_POINTER.pack(id(scratch) + state_pointer))
    gauss = back_pointer + _POINTER.size
    if min(state_pointer, back_pointer) < 0 or gauss + _GAUSS.size > len(own):
        return None
    layout = _Layout(state_pointer, gauss, structure, type(scratch._bit_generator))  # noqa: SLF001 - as above
    return layout if all(_agrees(layout, draws) for draws in (0, 1, 700)) else None


def _capsule_opener() -> Callable[[Any, bytes], int]:
    import ctypes

    prototype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    return prototype(("PyCapsule_GetPointer", ctypes.pythonapi))


def _scratch(seed: int) -> Any:
    """A ``RandomState`` of our own, seeded without asking the system for entropy."""
    # By their own modules: `numpy.random` is half made when the stream is first looked at.
    state = sys.modules["numpy.random.mtrand"].RandomState
    sequence = sys.modules["numpy.random.bit_generator"].SeedSequence
    return state(sys.modules["numpy.random._mt19937"].MT19937(sequence(seed)))


def _agrees(layout: _Layout, draws: int) -> bool:
    """Whether the fast path reads what numpy's getters say, after `draws` normal deviates."""
    stream = _scratch(7)
    stream.standard_normal(draws)
    generator = stream._bit_generator  # noqa: SLF001 - as above
    portable = _portable(stream, generator)
    return _fast(layout, stream) == portable and portable.startswith(
        _fast_twister(layout, generator)
    )
