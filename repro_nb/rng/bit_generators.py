"""The states of numpy's bit generators as bytes, and back: exact, short, and the same in every process."""

from __future__ import annotations

import struct
from typing import Any, Dict, Mapping, NamedTuple, Tuple

from repro_nb.errors import RandomStateError

__all__ = ["MT19937", "TWISTER_BYTES", "name_in", "pack", "unpack"]

MT19937 = "MT19937"
"""The one whose bytes bear no name: they are what lies in memory, and by far the most common."""

_TWISTER = struct.Struct("=624Ii")
TWISTER_BYTES = _TWISTER.size
"""Size of the twister's state: 624 words and the position."""

_WORD_BYTES = 8


class _Field(NamedTuple):
    """One entry of a state.

    Attributes:
        path: The keys that lead to it.
        words: How many words of 64 bits it has.
        limit: What one number of it stays below; 0 for an array, whose words may be anything.
    """

    path: Tuple[str, ...]
    words: int
    limit: int

    @property
    def is_array(self) -> bool:
        """Whether it is an array of words, and not one number."""
        return not self.limit


def _number(*path: str, words: int = 1, limit: int = 0) -> _Field:
    return _Field(path, words, limit or 1 << (8 * _WORD_BYTES * words))


def _array(*path: str, words: int) -> _Field:
    return _Field(path, words, 0)


_KEPT_BACK = (_number("has_uint32", limit=2), _number("uinteger", limit=2**32))
_PCG64 = (_number("state", "state", words=2), _number("state", "inc", words=2), *_KEPT_BACK)
_FIELDS: Mapping[str, Tuple[_Field, ...]] = {
    "PCG64": _PCG64,
    "PCG64DXSM": _PCG64,
    "Philox": (
        _array("state", "counter", words=4),
        _array("state", "key", words=2),
        _array("buffer", words=4),
        _number("buffer_pos", limit=5),
        *_KEPT_BACK,
    ),
    "SFC64": (_array("state", "state", words=4), *_KEPT_BACK),
}


def pack(state: Mapping[str, Any]) -> bytes:
    """The bytes of what a bit generator's ``state`` gives: its name and its fields; the twister's without a name.

    Raises:
        RandomStateError: It belongs to a bit generator that numpy does not have.
    """
    name = state["bit_generator"]
    if name == MT19937:
        inner = state["state"]
        words: bytes = inner["key"].tobytes()
        return words + struct.pack("=i", inner["pos"])
    parts = [_packed(_at(state, field.path), field) for field in _fields(name)]
    named: bytes = name.encode()
    return named + b"\0" + b"".join(parts)


def unpack(packed: bytes) -> Dict[str, Any]:
    """What a bit generator's ``state`` takes, from the bytes that `pack` made; arrays are lists.

    Raises:
        RandomStateError: These are no such bytes.
    """
    name = name_in(packed)
    if name == MT19937:
        *key, position = _TWISTER.unpack(packed)
        if not 0 <= position <= len(key) or not any(key):
            raise RandomStateError("these bytes are no state of MT19937")
        return {"bit_generator": name, "state": {"key": key, "pos": position}}
    state: Dict[str, Any] = {"bit_generator": name}
    rest = packed[len(name) + 1 :]
    for field in _fields(name):
        size = field.words * _WORD_BYTES
        _put(state, field.path, _unpacked(rest[:size], field))
        rest = rest[size:]
    return state


def name_in(packed: bytes) -> str:
    """Class of the bit generator that these bytes belong to.

    Raises:
        RandomStateError: They belong to none.
    """
    if len(packed) == TWISTER_BYTES:
        return MT19937
    name, separator, fields = packed.partition(b"\0")
    known = name.decode("ascii", "replace")
    size = sum(field.words for field in _FIELDS.get(known, ())) * _WORD_BYTES
    if not separator or not size or len(fields) != size:
        raise RandomStateError("these bytes are no state of a bit generator of numpy's")
    return known


def _fields(name: str) -> Tuple[_Field, ...]:
    if name not in _FIELDS:
        raise RandomStateError(f"{name} is no bit generator of numpy's: its state is not known")
    return _FIELDS[name]


def _at(state: Mapping[str, Any], path: Tuple[str, ...]) -> Any:
    value: Any = state
    for key in path:
        value = value[key]
    return value


def _put(state: Dict[str, Any], path: Tuple[str, ...], value: Any) -> None:
    *within, last = path
    for key in within:
        state = state.setdefault(key, {})
    state[last] = value


def _packed(value: Any, field: _Field) -> bytes:
    if field.is_array:
        return b"".join(int(word).to_bytes(_WORD_BYTES, "little") for word in value)
    return int(value).to_bytes(field.words * _WORD_BYTES, "little")


def _unpacked(packed: bytes, field: _Field) -> Any:
    if not field.is_array:
        number = int.from_bytes(packed, "little")
        if number >= field.limit:
            raise RandomStateError(f"these bytes are no state: {field.path[-1]} is out of range")
        return number
    starts = range(0, len(packed), _WORD_BYTES)
    return [int.from_bytes(packed[at : at + _WORD_BYTES], "little") for at in starts]
