"""Tensors that lie with strides in their storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.tensors.entries import ByteSource
from repro_nb.checkpoints.tensors.extras import numpy
from repro_nb.checkpoints.tensors.sources import rechunked

__all__ = ["Gathered", "View"]

_BLOCK = 16 << 20
"""Bytes that are gathered at a time."""


@dataclass(frozen=True, kw_only=True)
class View:
    """How a tensor lies in its storage, counted in elements.

    Attributes:
        offset: Its first element.
        shape: Its size in each dimension.
        strides: Steps from one element to the next in each dimension; none is negative.
    """

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie one after the other, in C order."""
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size == 0:
                return True
            if size != 1 and stride != expected:
                return False
            expected *= size
        return True

    @property
    def stop(self) -> int:
        """The element after the last that it touches."""
        if 0 in self.shape:
            return self.offset
        steps = zip(self.shape, self.strides, strict=True)
        return self.offset + sum((size - 1) * stride for size, stride in steps) + 1


@dataclass(frozen=True)
class Gathered:
    """A view with strides, given as if it were contiguous. Its part of the storage is in memory while it is read.

    Attributes:
        source: The bytes from the view's first element to its last.
        size: How many these are.
        view: The view; its offset has been taken into account already.
        width: Bytes of an element.
    """

    source: ByteSource
    size: int
    view: View
    width: int

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes in C order."""
        np = numpy()
        stored = np.empty(self.size, np.uint8)
        start = 0
        for piece in self.source.chunks(limit):
            stored[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
            start += len(piece)
        strides = (*(step * self.width for step in self.view.strides), 1)
        shape = (*self.view.shape, self.width)
        laid = np.lib.stride_tricks.as_strided(stored, shape, strides, writeable=False)
        yield from rechunked(_blocks(laid, max(limit, _BLOCK)), limit)


def _blocks(laid: Any, limit: int) -> Iterator[Any]:
    """The bytes of an array in C order, in copies of at most `limit`: a view may be far larger than its storage."""
    np = numpy()
    if laid.nbytes <= limit:
        yield np.ascontiguousarray(laid).reshape(-1)
        return
    rows = limit // (laid.nbytes // len(laid))
    if not rows:
        for row in laid:
            yield from _blocks(row, limit)
        return
    for start in range(0, len(laid), rows):
        yield np.ascontiguousarray(laid[start : start + rows]).reshape(-1)
