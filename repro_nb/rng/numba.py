"""numba's streams: jitted code draws from two of its own, which seeding outside of it does not reach."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.imports import whole_module
from repro_nb.rng import memory, mt19937
from repro_nb.rng.source import States

__all__ = ["NumbaSource"]

_STATE = struct.Struct(
    "@i624Iidi"
)  # position, words, whether a deviate is kept back, the deviate, whether in use
_HEAD = struct.Struct("@i3I")
_POINTERS: Mapping[str, str] = {
    "numba.numpy": "rnd_get_np_state_ptr",
    "numba.python": "rnd_get_py_state_ptr",
}
_SLACK = 64


class NumbaSource:
    """The streams behind ``np.random`` and ``random`` in jitted code, those of the thread that asks."""

    name = "numba"
    module = "numba"
    seed_functions: Tuple[
        str, ...
    ] = ()  # seeding is done in jitted code, by the names of numpy and random
    limits = "threads, parallel loops among them, have streams of their own, which stay as they are"

    def glance(self) -> Any:
        """The states as they lie in memory."""
        helper: Any = _helper()
        return () if helper is None else tuple(_read(helper, name) for name in _POINTERS)

    def states(self) -> States:
        """State of each stream: position, words, and the normal deviate kept back."""
        return self.states_of(self.glance())

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        del name
        position, *words = _HEAD.unpack_from(state)
        return position == mt19937.WORDS and mt19937.is_seeded_key(words)

    def seed(self, seed: int) -> None:
        """Set both streams as ``np.random.seed(seed)`` and ``random.seed(seed)`` do in jitted code."""
        helper: Any = _helper()
        if helper is not None:
            for name in _POINTERS:
                helper.rnd_seed(_address(helper, name), seed)

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts both streams of this thread where they were."""
        helper: Any = _helper()
        if helper is None or set(states) != set(_POINTERS):
            raise RandomStateError("numba is not what this state was read from", where=self.name)
        checked: Dict[str, bytes] = {name: _checked(name, state) for name, state in states.items()}

        def restore() -> None:
            for name, state in checked.items():
                _write(helper, name, state)

        return restore

    keep = glance

    def states_of(self, kept: Any) -> States:
        """The states by name."""
        return dict(zip(_POINTERS, kept))  # noqa: B905 - Python 3.9 has no strict=

    def go_back(self, kept: Any) -> None:
        """Write both states back, in the thread that kept them."""
        helper: Any = _helper()
        for name, state in zip(_POINTERS, kept):  # noqa: B905 - as above
            _write(helper, name, state)


def _helper() -> Any:
    """The module with numba's C functions; None while numba is not loaded."""
    return sys.modules.get("numba._helperlib") if whole_module("numba") else None


def _address(helper: Any, name: str) -> int:
    # A stream that nobody has used yet is filled with the system's entropy by this very question.
    address: int = getattr(helper, _POINTERS[name])()
    return address


def _read(helper: Any, name: str) -> bytes:
    address = _address(helper, name)
    if _is_as_known(helper):
        return _window(address).tobytes()
    position, words = helper.rnd_get_state(address)
    return _STATE.pack(position, *words, 0, 0.0, 1)


def _write(helper: Any, name: str, state: bytes) -> None:
    address = _address(helper, name)
    if _is_as_known(helper):
        _window(address)[:] = state
        return
    position, *words = _STATE.unpack(state)[: 1 + mt19937.WORDS]
    helper.rnd_set_state(address, (position, words))


@lru_cache(maxsize=16)
def _window(address: int) -> memoryview:
    """A state in memory; used only for an address that numba has just given."""
    return memory.window(address, _STATE.size)


def _checked(name: str, state: Any) -> bytes:
    if type(state) is not bytes or len(state) != _STATE.size:
        raise RandomStateError("these bytes are no state of a stream of numba's", where=name)
    position, *words, has_gauss, _, in_use = _STATE.unpack(state)
    if not 0 <= position <= mt19937.WORDS or not any(words) or (has_gauss | 1, in_use) != (1, 1):
        raise RandomStateError("these bytes are no state of a stream of numba's", where=name)
    return state


@lru_cache(maxsize=1)
def _is_as_known(helper: Any) -> bool:
    """Whether numba keeps a state in memory as is written above, tried on one of our own.

    Its own getter and setter leave the deviate out that was kept back, and so serve only where memory cannot.
    """
    if not memory.is_readable():
        return False
    import ctypes

    scratch = ctypes.create_string_buffer(b"\xff" * (_STATE.size + _SLACK))
    address = ctypes.addressof(scratch)
    helper.rnd_seed(address, 20_011)
    position, *words, has_gauss, gauss, in_use = _STATE.unpack_from(scratch)
    seeded = (position, words) == _state_by_getter(helper, address)
    untouched = scratch.raw[_STATE.size : _STATE.size + _SLACK] == b"\xff" * _SLACK
    return seeded and untouched and (has_gauss, gauss, in_use) == (0, 0.0, 1)


def _state_by_getter(helper: Any, address: int) -> Tuple[int, List[int]]:
    position, words = helper.rnd_get_state(address)
    return position, list(words)
