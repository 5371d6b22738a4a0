"""JSON: objects by key, arrays by position, numbers by value, strings as text."""

from __future__ import annotations

import base64
import binascii
import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from repro_nb.recording.compare.excerpt import short
from repro_nb.recording.compare.normalisers import Scope
from repro_nb.recording.compare.numeric import Agreement, relative_difference, values_agree
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_json
from repro_nb.recording.compare.text import compare_text
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict, different, equivalent
from repro_nb.recording.outcome import Outcome

__all__ = ["JsonComparator"]

_MISSING = object()
_LONGEST_PATH = 200
_TYPECODES = {
    "f8": "d",
    "f4": "f",
    "i1": "b",
    "u1": "B",
    "i2": "h",
    "u2": "H",
    "i4": "i",
    "u4": "I",
    "i8": "q",
    "u8": "Q",
}
"""Array typecodes by the names that plotly gives to typed arrays."""


class JsonComparator:
    """JSON of any kind, such as Vega-Lite and plotly figures."""

    mime_types: tuple[str, ...] = ("application/json",)

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare leaf by leaf; the reason names the path of the first that differs."""
        walk = _Walk(options)
        walk.run(expected, actual)
        if walk.differing:
            more = f" (the first of {walk.differing} differences)" if walk.differing > 1 else ""
            return different(walk.first + more, as_json(expected), as_json(actual))
        if walk.tolerated:
            return equivalent(walk.tolerated, as_json(expected), as_json(actual))
        return IDENTICAL


class _Walk:
    """Compares two trees with a stack of its own, as JSON may be nested deeper than Python can recurse."""

    def __init__(self, options: CompareOptions) -> None:
        self.options = options
        self.differing = 0
        self.first = ""
        self.tolerated = ""

    def run(self, expected: Any, actual: Any) -> None:
        stack = [("$", expected, actual)]
        while stack:
            path, a, b = stack.pop()
            if a is not b:
                stack.extend(reversed(list(self._pair(path, a, b))))

    def _pair(self, path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
        """Compare two leaves, or hand on the children of two branches."""
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            if a.get("bdata") != b.get("bdata"):
                a, b = _unpacked(a), _unpacked(b)
            yield from _members(path, a, b)
        elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            yield from self._items(path, a, b)
        elif isinstance(a, str) and isinstance(b, str):
            self._texts(path, a, b)
        elif _is_number(a) and _is_number(b):
            self._numbers(path, a, b)
        elif type(a) is not type(b) or a != b:
            self._differ(path, a, b)

    def _items(self, path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
        if len(a) != len(b):
            self._note(f"{path}: expected {len(a)} items, got {len(b)}")
            return
        for index, (x, y) in enumerate(zip(a, b, strict=True)):
            yield _child(path, f"[{index}]"), x, y

    def _texts(self, path: str, a: str, b: str) -> None:
        verdict = compare_text(a, b, self.options, scopes=(Scope.TEXT, Scope.MARKUP))
        if verdict.outcome is Outcome.DIFFERENT:
            self._differ(path, a, b)
        elif verdict.outcome is Outcome.EQUIVALENT:
            self.tolerated = self.tolerated or f"{path}: {verdict.reason}"

    def _numbers(self, path: str, a: float, b: float) -> None:
        if type(a) is type(b) and (a == b or (math.isnan(a) and math.isnan(b))):
            return
        if isinstance(a, int) and isinstance(b, int):
            self._differ(path, a, b)
        elif _agree(a, b, self.options):
            self.tolerated = self.tolerated or f"{path}: {a!r} and {b!r} agree within tolerance"
        else:
            relative = relative_difference(float(a), float(b))
            self._note(
                f"{path}: expected {a!r}, got {b!r}, a relative difference of {relative:.2g}"
            )

    def _differ(self, path: str, a: Any, b: Any) -> None:
        self._note(f"{path}: expected {_shown(a)}, got {_shown(b)}")

    def _note(self, message: str) -> None:
        self.differing += 1
        self.first = self.first or message


def _members(
    path: str, a: Mapping[Any, Any], b: Mapping[Any, Any]
) -> Iterator[tuple[str, Any, Any]]:
    for key in dict.fromkeys((*a, *b)):
        yield _child(path, f".{short(str(key), 40)}"), a.get(key, _MISSING), b.get(key, _MISSING)


def _child(path: str, step: str) -> str:
    """The path one level down; it stops growing where nobody could follow it."""
    return path if path.endswith("…") else path + (step if len(path) < _LONGEST_PATH else "…")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _agree(a: float, b: float, options: CompareOptions) -> bool:
    try:
        return values_agree(float(a), float(b), options) is not Agreement.BEYOND
    except OverflowError:  # an integer beyond what a float can hold
        return False


def _unpacked(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A typed array as plotly 6 writes it (``{"dtype": "f8", "bdata": base64}``) with its numbers as a list."""
    code = _TYPECODES.get(str(value.get("dtype")))
    data = value.get("bdata")
    if code is None or not isinstance(data, str):
        return value
    numbers = array(code)
    try:
        numbers.frombytes(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):  # not what it says: compared as the string it is
        return value
    return {**value, "bdata": numbers.tolist()}


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    return short(as_json(value))
