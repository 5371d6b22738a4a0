"""How two tensors of one type and shape differ: counted in elements, measured in numbers, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.tensors import TensorEntry
from repro_nb.checkpoints.tensors.dtypes import DType, dtype_named
from repro_nb.checkpoints.tensors.extras import numpy
from repro_nb.checkpoints.tensors.numbers import as_numbers

__all__ = ["Difference", "difference_of"]

_PIECE = 1 << 20
_SMALL = 2.0**-600
"""What numbers are made smaller by whose squares would be infinite."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The difference of two tensors.

    Attributes:
        changed: Elements whose bits differ; bytes, where several elements share one.
        elements: Elements altogether; bytes, as above.
        first_index: Place of the first that differs, one number for each dimension.
        first_bit: The lowest bit in which that one differs; 0 is its least significant.
        max_abs: The largest absolute difference; infinite where it is beyond what a float can say; None where no
            number is made of the elements, or all that differ are NaN or infinite on one side.
        l2: Root of the sum of squared differences; infinite and None as above.
        relative: `l2`, relative to the root of the sum of squares of the left tensor; None as above, and infinite
            where the left one is all zeros.
        not_finite: Elements that differ and are NaN or infinite on one side; they are counted here, and are part of
            no other figure than `changed`.
    """

    changed: int
    elements: int
    first_index: tuple[int, ...]
    first_bit: int
    max_abs: float | None
    l2: float | None
    relative: float | None
    not_finite: int

    @property
    def share(self) -> float:
        """Share of the elements that differ, from 0 to 1."""
        return self.changed / self.elements


def difference_of(
    left: TensorEntry, right: TensorEntry, progress: ByteProgress
) -> Difference | None:
    """How two tensors of one type and shape differ; None where no bit does.

    Args:
        left: One.
        right: The other.
        progress: Hears of the bytes of both.

    Raises:
        CheckpointError: The bytes of one cannot be had.
        UsageError: numpy, or ml_dtypes for its types, is not installed.
    """
    tally = _Tally(dtype_named(left.dtype))
    for here, there in _pieces(left, right):
        tally.add(here, there)
        progress.advanced(2 * len(here))
    return tally.result(left, _norm(left)) if tally.changed else None


def _norm(entry: TensorEntry) -> _Norm:
    """The norm of what is finite in a tensor; a second reading, which equal tensors are spared."""
    np, dtype = numpy(), dtype_named(entry.dtype)
    norm = _Norm()
    for piece in entry.chunks():
        numbers = as_numbers(np.frombuffer(piece, np.uint8), dtype)
        if numbers is None:
            break
        if numbers.dtype.kind in "iu":
            numbers = numbers.astype(np.float64)
        norm.add(np, numbers[np.isfinite(numbers)])
    return norm


def _pieces(left: TensorEntry, right: TensorEntry) -> Iterator[tuple[Any, Any]]:
    np = numpy()
    width = max(1, dtype_named(left.dtype).bits // 8)
    limit = _PIECE // (16 * width) * 16 * width or 16 * width
    for here, there in zip(left.chunks(limit), right.chunks(limit), strict=True):
        yield np.frombuffer(here, np.uint8), np.frombuffer(there, np.uint8)


class _Norm:
    """Root of a sum of squares, also of numbers whose squares are beyond what a float can say."""

    def __init__(self) -> None:
        self._squares = 0.0
        self._small_squares = 0.0

    def add(self, np: Any, numbers: Any, scale: float = 1.0) -> None:
        """Takes in finite numbers, each of which stands for `scale` times itself."""
        with np.errstate(all="ignore"):
            absolute = np.abs(numbers)
            squares = float(np.square(absolute).sum()) * scale * scale
            if math.isfinite(self._squares + squares):
                self._squares += squares
            else:
                small = np.abs(numbers * _SMALL) * scale
                self._small_squares += float(np.square(small).sum())

    @property
    def _parts(self) -> tuple[float, float]:
        """The root, and what it was made smaller by."""
        if not self._small_squares:
            return math.sqrt(self._squares), 1.0
        return math.sqrt(self._small_squares + self._squares * _SMALL * _SMALL), _SMALL

    @property
    def value(self) -> float:
        """The root; infinite where a float cannot say it."""
        root, scale = self._parts
        return root / scale

    def over(self, other: _Norm) -> float:
        """This one relative to another one."""
        (root, scale), (other_root, other_scale) = self._parts, other._parts
        if not other_root:
            return math.inf if root else 0.0
        return root / other_root / scale * other_scale


class _Tally:
    """Sums over pieces."""

    def __init__(self, dtype: DType) -> None:
        self.changed = 0
        self._dtype = dtype
        self._width = max(1, dtype.bits // 8)
        self._seen = 0
        self._first: tuple[int, int] | None = None
        self._max_abs: float | None = None
        self._norm = _Norm()
        self._not_finite = 0

    def add(self, left: Any, right: Any) -> None:
        """Takes in one piece of each side, as bytes."""
        np = numpy()
        words = (
            "u8" if len(left) % 8 == 0 else "u1"
        )  # eight bytes at a time are compared eight times as fast
        if not np.array_equal(left.view(words), right.view(words)):
            elements = (left != right).reshape(-1, self._width).any(axis=1)
            self._changed(np, elements, left, right)
        self._seen += len(left) // self._width

    def _changed(self, np: Any, elements: Any, left: Any, right: Any) -> None:
        self.changed += int(elements.sum())
        places = np.flatnonzero(elements)
        here, there = (side.reshape(-1, self._width)[places] for side in (left, right))
        if self._first is None:
            bits = int.from_bytes((here[0] ^ there[0]).tobytes(), "little")
            self._first = (self._seen + int(places[0]), (bits & -bits).bit_length() - 1)
        self._measure(np, here.reshape(-1), there.reshape(-1))

    def _measure(self, np: Any, left: Any, right: Any) -> None:
        here, there = as_numbers(left, self._dtype), as_numbers(right, self._dtype)
        if here is None or there is None:
            return
        if here.dtype.kind in "iu":
            self._whole(np, here, there)
            return
        with np.errstate(all="ignore"):
            finite = np.isfinite(here) & np.isfinite(there)
            self._not_finite += int(finite.size - finite.sum())
            if not finite.any():
                return
            steps = there[finite] - here[finite]
            self._largest(np.abs(steps).max())
            if np.isfinite(steps).all():
                self._norm.add(np, steps)
            else:  # a difference of two floats can be twice the largest one
                self._norm.add(np, there[finite] / 2 - here[finite] / 2, scale=2.0)

    def _whole(self, np: Any, here: Any, there: Any) -> None:
        """Whole numbers of 64 bits are exact only among themselves."""
        unsigned = np.dtype(f"u{here.itemsize}")
        high, low = np.maximum(here, there), np.minimum(here, there)
        steps = high.view(unsigned) - low.view(unsigned)
        self._largest(int(steps.max()))
        self._norm.add(np, steps.astype(np.float64))

    def _largest(self, step: float) -> None:
        step = step if isinstance(step, int) else float(step)
        self._max_abs = step if self._max_abs is None else max(self._max_abs, step)

    def result(self, left: TensorEntry, norm: _Norm) -> Difference:
        """The sums; `norm` is the left tensor's."""
        place, bit = self._first or (0, 0)
        if self._dtype.bits < 8:  # noqa: PLR2004 - several elements share a byte
            place, bit = divmod(8 * place + bit, self._dtype.bits)
        measured = self._max_abs is not None
        return Difference(
            changed=self.changed,
            elements=self._seen,
            first_index=_index(place, left.shape),
            first_bit=bit,
            max_abs=self._max_abs,
            l2=self._norm.value if measured else None,
            relative=self._norm.over(norm) if measured else None,
            not_finite=self._not_finite,
        )


def _index(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index: list[int] = []
    for size in reversed(shape):
        place, here = divmod(place, size)
        index.append(here)
    return tuple(reversed(index))
