"""Payloads of Python's own scalars: numbers, texts, and what is equal or not."""

from __future__ import annotations

import math
import struct
from typing import Any, Optional, Tuple, Union

from repro_nb.values.difference import Difference
from repro_nb.values.path import cut, short
from repro_nb.values.view import Payload

__all__ = ["Exact", "Number", "Text"]

_DOUBLE = struct.Struct("=d")
_WORD = struct.Struct("=q")
_MAGNITUDE = 2**63 - 1
_EXCERPT = 20


class Exact(Payload):
    """What is equal or not, and shown as it is: a flag, a name, a function's code.

    Args:
        value: Of a built-in type, whose ``==`` runs no code of a user's.
        reason: What to say where it differs; the values are shown along with the usual words alone.
    """

    __slots__ = ("reason", "value")

    def __init__(self, value: Any, reason: str = "values differ") -> None:
        self.value = value
        self.reason = reason

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:  # noqa: ARG002 - a protocol's
        """The two values, where they differ."""
        if self.value == other.value:
            return None
        if self.reason != "values differ":
            return Difference("", self.reason)
        return Difference("", self.reason, first=short(self.value), second=short(other.value))

    def token(self) -> Any:
        """The value."""
        return self.value


class Text(Payload):
    """A text, or bytes.

    Args:
        value: An exact ``str`` or ``bytes``.
    """

    __slots__ = ("value",)

    def __init__(self, value: Union[str, bytes]) -> None:
        self.value = value

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:  # noqa: ARG002 - a protocol's
        """Where the texts part, with what follows there."""
        if self.value == other.value:
            return None
        place = _where_they_part(self.value, other.value)
        start = max(place - _EXCERPT, 0)
        excerpts = (text[start : place + _EXCERPT] for text in (self.value, other.value))
        first, second = (cut(repr(excerpt)) for excerpt in excerpts)
        return Difference("", "texts differ", first_index=(place,), first=first, second=second)

    def token(self) -> Any:
        """The text."""
        return self.value


def _where_they_part(first: Any, second: Any) -> int:
    """Length of what two texts have in common at their beginnings."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Number(Payload):
    """A number of Python's own.

    Args:
        value: An exact ``int``, ``float`` or ``complex``.
    """

    __slots__ = ("value",)

    def __init__(self, value: complex) -> None:
        self.value = value

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:
        """By how much the numbers differ, unless they are the same bits, or inexact and near enough."""
        first, second = self.value, other.value
        if self.token() == other.token():
            return None
        if tolerance and type(first) is not int and _is_near(first, second, tolerance):
            return None
        shown = short(first), short(second)
        if _is_nan(first) and _is_nan(second):
            return Difference("", "NaN of other bits", first=shown[0], second=shown[1])
        away = _distance(first, second)
        return Difference(
            "",
            "values differ",
            max_abs=away,
            max_rel=_relative(away, first),
            ulps=None if math.isnan(away) else _ulps(first, second),
            first=shown[0],
            second=shown[1],
        )

    def token(self) -> Any:
        """The number, floats by their bits."""
        return self.value if type(self.value) is int else _bits(self.value)


def _bits(value: Any) -> Tuple[bytes, ...]:
    parts = (value.real, value.imag) if type(value) is complex else (value,)
    return tuple(map(_DOUBLE.pack, parts))


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124 - says so of complex numbers too


def _is_near(first: Any, second: Any, tolerance: float) -> bool:
    if _is_nan(first) and _is_nan(second):
        return True
    return bool(first == second) or _distance(first, second) <= tolerance


def _distance(first: Any, second: Any) -> float:
    """Absolute difference; NaN where one is NaN."""
    try:
        return 0.0 if first == second else float(abs(first - second))
    except OverflowError:
        return math.inf


def _relative(away: float, first: Any) -> float:
    if away == 0:
        return 0.0
    try:
        return away / float(abs(first)) if first else math.inf
    except OverflowError:
        return math.nan


def _ulps(first: Any, second: Any) -> Optional[int]:
    if type(first) is not float:
        return None
    return abs(_ordered(first) - _ordered(second))


def _ordered(value: float) -> int:
    """An integer that grows by one from each float to the next."""
    word: int = _WORD.unpack(_DOUBLE.pack(value))[0]
    return word if word >= 0 else word ^ _MAGNITUDE
