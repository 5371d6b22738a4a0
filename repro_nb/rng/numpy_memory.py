"""Where numpy keeps the states of its streams in memory: found in a scratch generator, and checked before its use."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional, Tuple

from repro_nb.rng import memory
from repro_nb.rng.bit_generators import TWISTER_BYTES, pack

__all__ = ["GAUSS", "Layout", "Place", "layout", "portable_state"]

GAUSS = struct.Struct("@id")
"""The normal deviate kept back: whether there is one, and its value; as the C structure has it, padding included."""

_POINTER = struct.Struct("P")


class Layout(NamedTuple):
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

    def twister_state(self, generator: Any) -> bytes:
        """State of an ``MT19937``."""
        structure = self.structure(generator.capsule, b"BitGenerator")
        return memory.read(memory.pointer(structure), TWISTER_BYTES)


class Place:
    """Where one ``RandomState`` lies in memory.

    It keeps no reference to it, which would show in its count, and so is given it each time. Its bit generator is asked
    for each time too, since it can be swapped.
    """

    def __init__(self, stream: Any, layout: Layout) -> None:
        self._twister = layout.twister
        self._pointer = memory.pointer_window(id(stream) + layout.state_pointer)
        self._gauss = memory.window(id(stream) + layout.gauss, GAUSS.size)
        self._address: Optional[int] = None
        self._words = self._gauss  # until it is read

    def read(self, stream: Any) -> Optional[Tuple[bytes, bytes]]:
        """Words and position, and the deviate; None while the bit generator is of another kind."""
        if type(stream._bit_generator) is not self._twister:  # noqa: SLF001 - its public twin makes a copy
            return None
        address = self._pointer.value
        if address != self._address:
            self._address, self._words = address, memory.window(address or 0, TWISTER_BYTES)
        return self._words.tobytes(), self._gauss.tobytes()

    def read_whole(self, stream: Any) -> Optional[Tuple[bytes, bytes]]:
        """The same, never in the midst of another thread's draw."""
        lock: Any = stream._bit_generator.lock  # noqa: SLF001 - as above
        lock.acquire()  # a `with` takes three times as long
        try:
            return self.read(stream)
        finally:
            lock.release()

    def write(self, stream: Any, words: bytes, gauss: bytes) -> bool:
        """Put there what `read` gave; False, and nothing done, while the bit generator is of another kind."""
        generator: Any = stream._bit_generator  # noqa: SLF001 - as above
        lock: Any = generator.lock
        if type(generator) is not self._twister or self._pointer.value != self._address:
            return False
        lock.acquire()
        try:
            self._words[:], self._gauss[:] = words, gauss
        finally:
            lock.release()
        return True


def portable_state(stream: Any, generator: Any) -> bytes:
    """State of a ``RandomState`` that has the bit generator `generator`, by numpy's own getters."""
    base = sys.modules["numpy.random.mtrand"].RandomState
    whole = base.get_state(stream, legacy=False)
    return pack(generator.state) + GAUSS.pack(whole["has_gauss"], whole["gauss"])


@lru_cache(maxsize=None)
def layout() -> Optional[Layout]:
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
    if min(state_pointer, back_pointer) < 0 or gauss + GAUSS.size > len(own):
        return None
    found = Layout(state_pointer, gauss, structure, type(scratch._bit_generator))  # noqa: SLF001 - as above
    return found if all(_agrees(found, draws) for draws in (0, 1, 700)) else None


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


def _agrees(found: Layout, draws: int) -> bool:
    """Whether what is read and written in memory is what numpy's getters say, after `draws` normal deviates."""
    stream, other = _scratch(7), _scratch(8)
    stream.standard_normal(draws)
    portable = portable_state(stream, stream._bit_generator)  # noqa: SLF001 - as above
    read = Place(stream, found).read(stream)
    place = Place(other, found)
    return (
        read is not None
        and b"".join(read) == portable
        and read[0] == found.twister_state(stream._bit_generator)  # noqa: SLF001 - as above
        and place.read(other) != read
        and place.write(other, *read)
        and portable_state(other, other._bit_generator) == portable  # noqa: SLF001 - as above
    )
