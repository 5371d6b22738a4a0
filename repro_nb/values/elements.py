"""Measuring how two runs of array elements differ.

Written with what numpy's arrays and torch's tensors have in common, so that elements are measured where they are: by
numpy, by torch without numpy, on a GPU.
"""

from __future__ import annotations

import math
from typing import Any, Callable, NamedTuple, Optional, Tuple

from repro_nb.values.difference import Difference
from repro_nb.values.path import unravel

__all__ = ["CHUNK", "MAGNITUDES", "Chunk", "Tally"]

CHUNK = 2**17
"""Elements that are compared at a time."""

MAGNITUDES = {
    "float64": 2**63 - 1,
    "float32": 2**31 - 1,
    "float16": 2**15 - 1,
    "bfloat16": 2**15 - 1,
    "float8_e4m3fn": 2**7 - 1,
    "float8_e5m2": 2**7 - 1,
}
"""Types whose bits are a sign and a magnitude that grows by one from each float to the next, with its mask."""

_WORD = 2**64


class Chunk(NamedTuple):
    """Elements in a row, as arrays of numpy or tensors of torch.

    Attributes:
        words: Shape (n,) or (n, words of an element): integers that are equal where the bits are. Of int64, and
            ordered as the numbers are, if they stand for integers.
        wide: Shape (n,): the numbers, in a type that holds them all; None for what are no numbers.
        magnitude: For floats whose `words` are their bits as int64: the mask from `MAGNITUDES`, else 0.
        integral: Whether these are integers.
    """

    words: Any
    wide: Any = None
    magnitude: int = 0
    integral: bool = False


class Tally:
    """Sums up the chunks of a pair of arrays.

    Args:
        shape: Of each array.
        tolerance: Largest absolute difference that inexact numbers may have.
        show: Gives the elements of both sides at a place in C order, as texts.
    """

    def __init__(
        self,
        shape: Tuple[int, ...],
        tolerance: float,
        show: Callable[[int], Tuple[str, str]],
    ) -> None:
        self._shape = shape
        self._tolerance = tolerance
        self._show = show
        self._count = 0
        self._start = 0
        self._max_abs: Optional[float] = None
        self._max_rel: Optional[float] = None
        self._ulps: Optional[int] = None

    def add(self, start: int, first: Chunk, second: Chunk) -> None:
        """Count in two chunks whose bits are not all the same, the first of whose elements is at `start`."""
        differ = first.words != second.words
        if differ.ndim > 1:
            differ = differ.any(1)
        if self._tolerance and first.wide is not None and not first.integral:
            differ = differ & ~_are_near(first.wide, second.wide, self._tolerance)
        count = int(differ.sum())
        if count and not self._count:
            self._start = start + int(differ.nonzero()[0][0])
        self._count += count
        if count and first.wide is not None:
            self._measure(_select(first, differ), _select(second, differ))

    def _measure(self, first: Chunk, second: Chunk) -> None:
        nan = _is_nan(first.wide)
        if bool((nan != _is_nan(second.wide)).any()):
            self._max_abs = self._max_rel = math.nan
        elif not bool(nan.all()):
            self._measure_numbers(_select(first, ~nan), _select(second, ~nan))

    def _measure_numbers(self, first: Chunk, second: Chunk) -> None:
        away = abs(first.wide - second.wide)
        max_abs = float(_farthest(first.words, second.words)) if first.integral else _top(away)
        self._max_abs = _larger(self._max_abs, max_abs)
        self._max_rel = _larger(self._max_rel, _top(away / abs(first.wide)))
        if first.magnitude:
            self._ulps = max(self._ulps or 0, _farthest(_ordered(first), _ordered(second)))

    def difference(self) -> Optional[Difference]:
        """What was counted; None if nothing differs."""
        if not self._count:
            return None
        first, second = self._show(self._start)
        size = math.prod(self._shape)
        return Difference(
            path="",
            reason="values differ",
            count=self._count,
            size=size,
            max_abs=self._max_abs,
            max_rel=self._max_rel,
            ulps=None if self._max_abs is None or math.isnan(self._max_abs) else self._ulps,
            first_index=unravel(self._start, self._shape),
            first=first,
            second=second,
        )


def _select(chunk: Chunk, which: Any) -> Chunk:
    return chunk._replace(words=chunk.words[which], wide=chunk.wide[which])


def _is_nan(numbers: Any) -> Any:
    return numbers != numbers  # noqa: PLR0124 - says so in numpy and torch alike


def _are_near(first: Any, second: Any, tolerance: float) -> Any:
    both_nan = _is_nan(first) & _is_nan(second)
    return (abs(first - second) <= tolerance) | (first == second) | both_nan


def _top(numbers: Any) -> float:
    """The largest, past NaN: the difference of equal infinities, and zero against zero."""
    numbers = numbers[~_is_nan(numbers)]
    return float(numbers.max()) if len(numbers) else 0.0


def _ordered(chunk: Chunk) -> Any:
    """Integers that grow by one from each float to the next."""
    return chunk.words ^ ((chunk.words >> 63) & chunk.magnitude)


def _farthest(first: Any, second: Any) -> int:
    """Largest distance of two arrays of int64, which may be more than an int64 can hold."""
    less = first < second
    return max(_largest((second - first)[less]), _largest((first - second)[~less]))


def _largest(distances: Any) -> int:
    """The largest of some distances of 64 bits; what wrapped around looks negative."""
    wrapped = distances[distances < 0]
    if len(wrapped):
        return int(wrapped.max()) + _WORD
    return int(distances.max()) if len(distances) else 0


def _larger(known: Optional[float], new: float) -> float:
    if known is None or math.isnan(known):
        return new if known is None else known
    return max(known, new)
