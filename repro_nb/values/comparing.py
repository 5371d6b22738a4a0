"""Comparing two nested values, bit for bit or within a tolerance."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from repro_nb.errors import UsageError
from repro_nb.values.difference import Comparison, Difference
from repro_nb.values.kinds import Eye
from repro_nb.values.pairing import Pair, pair
from repro_nb.values.path import Path, full_name, render
from repro_nb.values.signature import PLAIN, Signer
from repro_nb.values.view import View

__all__ = ["MOST_TOLD", "compare"]

MOST_TOLD = 100
"""Differences, and uncomparable leaves, that a `Comparison` lists; the rest is counted."""


def compare(reference: Any, other: Any, *, tolerance: float = 0) -> Comparison:
    """Whether two nested values are the same, and which leaves are not.

    With tolerance 0 numbers are compared by their bits: a NaN equals a NaN of the same bits, -0.0 differs from 0.0,
    and 1 from 1.0 and from True. Types, shapes and dtypes always count; classes are told by their names, as a cell
    that runs twice defines them twice. Sets are compared as sets. The order of a dict's keys can be seen, and its
    difference is one of its own. Where a tensor lies and whether it requires gradients is no part of its value. What
    is the same object on both sides is compared nevertheless, unless it is opaque.

    Args:
        reference: The first value; relative differences refer to it.
        other: The second value.
        tolerance: Largest absolute difference of floats and complex numbers of equal dtype. Any NaN then equals
            any NaN at the same place. Keys of dicts and elements of sets stay exact.

    Raises:
        UsageError: `tolerance` is negative or NaN.
    """
    if not tolerance >= 0:
        raise UsageError(f"the tolerance is {tolerance!r}; it must be 0 or more")
    return _Comparing(float(tolerance)).run(reference, other)


class _Comparing:
    """One comparison. It goes side by side, and keeps its own stack, so that depth does not matter."""

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._eye = Eye()
        self._signer = Signer(self._eye)
        self._kept: Dict[Tuple[int, int], Any] = {}
        self._differences: List[Difference] = []
        self._uncomparable: Dict[str, str] = {}
        self._compared = self._differing = self._uncompared = 0

    def run(self, first: Any, second: Any) -> Comparison:
        """Compare the roots and all that they hold."""
        waiting: List[Iterator[Tuple[Path, Any, Any]]] = [iter([(None, first, second)])]
        while waiting:
            found = next(waiting[-1], None)
            if found is None:
                waiting.pop()
            else:
                waiting.extend(self._judge(*found))
        return self._verdict()

    def _verdict(self) -> Comparison:
        return Comparison(
            equal=not self._differing,
            differences=tuple(self._differences),
            uncomparable=MappingProxyType(self._uncomparable),
            compared=self._compared,
            differing=self._differing,
            uncompared=self._uncompared,
        )

    def _judge(
        self, path: Path, first: Any, second: Any
    ) -> Iterable[Iterator[Tuple[Path, Any, Any]]]:
        """Compare two objects themselves; what they hold comes after."""
        if type(first) is type(second) and id(type(first)) in PLAIN and first == second:
            self._compared += 1  # as most are, so fast
            return ()
        unequal = _types_differ(first, second)
        if unequal is not None:
            self._compared += 1
            self._tell(path, unequal)
            return ()
        one, other = self._eye.view(first), self._eye.view(second)
        if one.opaque or other.opaque:
            self._judge_opaque(path, one.opaque or other.opaque, first is second)
        unequal = _facts_differ(one, other)
        if unequal is not None:
            self._compared += 1
            self._tell(path, unequal)
            return ()
        self._judge_payload(path, one, other)
        return self._judge_parts(path, (first, second), one, other)

    def _judge_opaque(self, path: Path, why: str, is_same: bool) -> None:
        if is_same:
            self._compared += 1
        else:
            self._give_up(path, why)

    def _judge_payload(self, path: Path, one: View, other: View) -> None:
        if one.payload is None or other.payload is None:
            self._compared += not one.opaque and one.is_empty() and other.is_empty()
            return
        try:
            unequal = one.payload.difference(other.payload, self._tolerance)
        except Exception as error:  # noqa: BLE001 - a library, out of memory or support, raises as it likes
            self._give_up(path, f"{type(error).__name__} when it was compared")
            return
        self._compared += 1
        if unequal is not None:
            self._tell(path, unequal)

    def _judge_parts(
        self, path: Path, pair_of: Tuple[Any, Any], one: View, other: View
    ) -> Iterator[Iterator[Tuple[Path, Any, Any]]]:
        mark = id(pair_of[0]), id(pair_of[1])
        if mark in self._kept or not one.parts + other.parts:
            return
        self._kept[mark] = pair_of  # so that their addresses stay their own
        if len(one.parts) != len(other.parts):
            self._tell(path, Difference("", "made of other parts"))
        for part, counterpart in zip(one.parts, other.parts):  # noqa: B905 - `strict` is newer than Python 3.9
            pairing = pair(part, counterpart, self._signer)
            self._compared += pairing.compared
            for step, unequal in pairing.differences:
                self._tell((path, step), unequal)
            for step, why in pairing.unmatched:
                self._give_up((path, step), why)
            yield _below(path, pairing.pairs)

    def _tell(self, path: Path, difference: Difference) -> None:
        self._differing += 1
        if len(self._differences) < MOST_TOLD:
            self._differences.append(replace(difference, path=render(path)))

    def _give_up(self, path: Path, why: str) -> None:
        self._uncompared += 1
        if len(self._uncomparable) < MOST_TOLD:
            self._uncomparable[render(path)] = why


def _below(path: Path, pairs: Iterable[Pair]) -> Iterator[Tuple[Path, Any, Any]]:
    for step, first, second in pairs:
        yield (path, step), first, second


def _types_differ(first: Any, second: Any) -> Optional[Difference]:
    types = type(first), type(second)
    if types[0] is types[1]:
        return None
    names = [full_name(cls) for cls in types]
    return None if names[0] == names[1] else Difference("", f"type {names[0]} against {names[1]}")


def _facts_differ(one: View, other: View) -> Optional[Difference]:
    for (name, first), (_, second) in zip(one.facts, other.facts):  # noqa: B905 - as above
        if first != second:
            return Difference("", f"{name} {first} against {second}")
    return None
