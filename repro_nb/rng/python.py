"""Python's own ``random``: the module's stream, and the state of any ``random.Random``."""

from __future__ import annotations

import random
import struct
from functools import lru_cache
from typing import Any, Callable, Optional, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.rng import memory, mt19937
from repro_nb.rng.source import States

__all__ = ["PythonSource", "restoring", "state_of"]

_TWISTER = struct.Struct("=i624I")
_HEAD = struct.Struct("=i3I")
_INDEX = struct.Struct("=i")
_GAUSS = struct.Struct("=d")


class PythonSource:
    """The stream behind ``random.random`` and its siblings."""

    name = "python"
    module = "random"
    seed_functions: Tuple[str, ...] = ("random.seed", "random.setstate")
    limits = ""

    def __init__(self) -> None:
        self._id = 0  # a reference would show in the stream's count
        self._window: Optional[memoryview] = None

    def glance(self) -> Any:
        """The words and the deviate kept back, as they lie in memory; None where they cannot be read there."""
        stream: Any = random._inst  # noqa: SLF001 - has no public name
        if id(stream) != self._id:
            self._look(stream)
        return None if self._window is None else (self._window.tobytes(), stream.gauss_next)

    def states(self) -> States:
        """State of the stream: position, 624 words, and the normal deviate kept back, if there is one."""
        return {self.name: state_of(random._inst)}  # noqa: SLF001 - as above

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        del name
        index, *words = _HEAD.unpack_from(state)
        return index == mt19937.WORDS and mt19937.is_seeded_key(words)

    def seed(self, seed: int) -> None:
        """Set the stream as ``random.seed(seed)`` does."""
        random.seed(seed)

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts the stream where it was."""
        state = states.get(self.name)
        if state is None or set(states) != {self.name}:
            raise RandomStateError(
                "Python's stream is not what this state was read from", where=self.name
            )
        return restoring(random._inst, state)  # noqa: SLF001 - as above

    def keep(self) -> Any:
        """The words as they lie in memory, and the deviate kept back; or the states."""
        stream: Any = random._inst  # noqa: SLF001 - as above
        if self._window is not None and id(stream) == self._id:
            return self._window.tobytes(), stream.gauss_next
        return self.glance() or self.states()

    def states_of(self, kept: Any) -> States:
        """The words and the deviate as one piece."""
        if type(kept) is dict:
            return kept
        words, deviate = kept
        return {self.name: words + _packed(deviate)}

    def go_back(self, kept: Any) -> None:
        """Write the words and the deviate back."""
        stream: Any = random._inst  # noqa: SLF001 - as above
        if self._window is not None and id(stream) == self._id and type(kept) is tuple:
            self._window[:], stream.gauss_next = kept
        else:
            self.restoring(self.states_of(kept))()

    def _look(self, stream: Any) -> None:
        """Find out where the words of another stream lie; nowhere, if it is an object of the user's."""
        self._id, self._window = id(stream), _window(stream) if _is_plain(stream) else None


def state_of(stream: Any) -> bytes:
    """State of a ``random.Random`` or of an instance of a subclass of it, whose own methods are not called."""
    window = _window(stream)
    return (window.tobytes() if window else _portable(stream)) + _kept_back(stream)


def restoring(stream: Any, state: bytes) -> Callable[[], None]:
    """What puts a ``random.Random``, or an instance of a subclass, where it was when `state_of` gave `state`.

    Raises:
        RandomStateError: These bytes are no such state.
    """
    words, kept_back = state[: _TWISTER.size], state[_TWISTER.size :]
    if len(words) != _TWISTER.size or len(kept_back) not in (0, _GAUSS.size):
        raise RandomStateError("these bytes are no state of random.Random")
    (position,) = _INDEX.unpack_from(words)
    if not 0 <= position <= mt19937.WORDS or not any(words[_INDEX.size :]):
        raise RandomStateError("these bytes are no state of random.Random")
    deviate = _GAUSS.unpack(kept_back)[0] if kept_back else None
    window = _window(stream) if _is_plain(stream) else None
    if window is None:
        return _setting(stream, words, deviate)

    def restore() -> None:
        window[:] = words
        stream.gauss_next = deviate

    return restore


def _setting(stream: Any, words: bytes, deviate: Optional[float]) -> Callable[[], None]:
    position, *key = _TWISTER.unpack(words)
    # Random's own method would set an attribute, for which a subclass may have code of its own.
    twister: Any = random.Random.__base__

    def restore() -> None:
        twister.setstate(stream, (*key, position))
        _attributes(stream)["gauss_next"] = deviate

    return restore


def _is_plain(stream: Any) -> bool:
    """Whether setting the stream's attributes runs nobody's code."""
    return type(stream) is random.Random


def _window(stream: Any) -> Optional[memoryview]:
    """The words of `stream` in memory; None where they cannot be reached there."""
    offset = _offset()
    return None if offset is None else memory.window(id(stream) + offset, _TWISTER.size)


def _kept_back(stream: Any) -> bytes:
    """The second normal deviate that ``gauss`` made and keeps for its next call."""
    plain = type(stream) is random.Random
    return _packed(stream.gauss_next if plain else _attributes(stream).get("gauss_next"))


def _attributes(stream: Any) -> Any:
    """``vars(stream)``, past any attribute hook of a subclass."""
    return random.Random.__dict__["__dict__"].__get__(stream)


def _packed(deviate: Any) -> bytes:
    return _GAUSS.pack(deviate) if type(deviate) is float else b""


def _portable(stream: Any) -> bytes:
    words = random.Random.getstate(stream)[1]
    return _TWISTER.pack(words[-1], *words[:-1])


@lru_cache(maxsize=None)
def _offset() -> Optional[int]:
    """Where a ``random.Random`` keeps its words, if what is read and written there is what it draws from; else None."""
    if not memory.is_readable():
        return None
    make = random.Random
    scratch, other = make(20_011), make(7)
    other.random()
    offset = memory.read(id(scratch), make.__basicsize__).find(_portable(scratch))
    if offset <= 0 or memory.read(id(other) + offset, _TWISTER.size) != _portable(other):
        return None
    memory.write(id(other) + offset, _portable(scratch))
    return offset if other.random() == scratch.random() else None
