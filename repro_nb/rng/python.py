"""Python's own ``random``: the module's stream, and the state of any ``random.Random``."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Mapping, Optional, Tuple

from repro_nb.rng import memory, mt19937

__all__ = ["PythonSource", "state_of"]

_TWISTER = struct.Struct("=i624I")
_HEAD = struct.Struct("=i3I")
_GAUSS = struct.Struct("=d")


class PythonSource:
    """The stream behind ``random.random`` and its siblings."""

    name = "python"
    module = "random"
    seed_functions: Tuple[str, ...] = ("random.seed", "random.setstate")

    def __init__(self) -> None:
        self._id = 0  # a reference would show in the stream's count
        self._window: Optional[memory.Window] = None

    def glance(self) -> Any:
        """The words and the deviate kept back, as they lie in memory; None where they cannot be read there."""
        stream: Any = getattr(sys.modules.get(self.module), "_inst", None)
        if id(stream) != self._id:
            self._id, self._window = id(stream), None if stream is None else _window(stream)
        return None if self._window is None else (self._window.raw, stream.gauss_next)

    def states(self) -> Mapping[str, Optional[bytes]]:
        """State of the stream: position, 624 words, and the normal deviate kept back, if there is one."""
        stream = getattr(sys.modules.get(self.module), "_inst", None)
        return {} if stream is None else {self.name: state_of(stream)}

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        del name
        index, *words = _HEAD.unpack_from(state)
        return index == mt19937.WORDS and mt19937.is_seeded_key(words)

    def seed(self, seed: int) -> None:
        """Set the stream as ``random.seed(seed)`` does."""
        random = sys.modules.get(self.module)
        if random is not None:
            random.seed(seed)


def state_of(stream: Any) -> bytes:
    """State of a ``random.Random`` or of an instance of a subclass of it, whose own methods are not called."""
    window = _window(stream)
    return (window.raw if window else _portable(stream)) + _kept_back(stream)


def _window(stream: Any) -> Optional[memory.Window]:
    """The words of `stream` in memory; None where they cannot be read there."""
    offset = _offset()
    return None if offset is None else memory.window(id(stream) + offset, _TWISTER.size)


def _kept_back(stream: Any) -> bytes:
    """The second normal deviate that ``gauss`` made and keeps for its next call."""
    base = sys.modules["random"].Random
    attributes = base.__dict__["__dict__"].__get__
    kept = stream.gauss_next if type(stream) is base else attributes(stream).get("gauss_next")
    return _GAUSS.pack(kept) if type(kept) is float else b""


def _portable(stream: Any) -> bytes:
    words = sys.modules["random"].Random.getstate(stream)[1]
    return _TWISTER.pack(words[-1], *words[:-1])


@lru_cache(maxsize=None)
def _offset() -> Optional[int]:
    """Where a ``random.Random`` keeps its words, if that is found and agrees with ``getstate``; else None."""
    if not memory.is_readable():
        return None
    make = sys.modules["random"].Random
    scratch, other = make(20_011), make(7)
    other.random()
    offset = memory.read(id(scratch), make.__basicsize__).find(_portable(scratch))
    agrees = offset > 0 and memory.read(id(other) + offset, _TWISTER.size) == _portable(other)
    return offset if agrees else None
