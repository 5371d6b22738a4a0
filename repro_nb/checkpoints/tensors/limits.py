"""What no honest checkpoint goes beyond: the bounds that keep a hostile one from eating time and memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = [
    "MOST_DEPTH",
    "MOST_ENTRIES",
    "MOST_EXPANSION",
    "MOST_HEADER",
    "MOST_MEMORY",
    "MOST_OPERATIONS",
    "MOST_PICKLE",
    "SMALL",
    "Budget",
    "Expansion",
    "checked_shape",
    "enough_memory",
    "size_of",
]

MOST_HEADER = 32 * 2**20
"""Bytes of a safetensors header: 300,000 tensors with names of 50 characters."""

MOST_PICKLE = 512 * 2**20
"""Bytes of a pickle stream, without the storages beside it."""

MOST_OPERATIONS = 4_000_000
"""Operations of a file's pickle streams; a tensor takes about 30."""

MOST_MEMORY = 400 * 2**20
"""Bytes that values and names may always take, however small their file is: those of 130,000 tensors."""

_OPERATION = 64
"""Bytes that an operation of a pickle stream takes: places on the stack and in the memory, a small number."""

_MOST_GROWTH = 4
"""Bytes of values for each byte that a file has of them, beyond `MOST_MEMORY`; text of other scripts has that many."""

MOST_ENTRIES = 1_000_000
"""Tensors and values of one checkpoint."""

MOST_DEPTH = 100
"""Containers within containers."""

SMALL = 2**30
"""Bytes that tensors may always have together, however small their file is."""

MOST_EXPANSION = 100
"""Bytes of tensors for each byte of their file, beyond `SMALL`; zeros that were compressed have 1,000."""

_MOST_DIMENSIONS = 64
_MOST_ELEMENTS = 2**62


class Budget:
    """What the values of one file may take altogether, whatever makes them.

    Args:
        stored: Bytes that the file has of them.
        where: The file's name, for errors.
        operations: How many steps there may be.
    """

    def __init__(self, stored: int, where: str, operations: int = MOST_OPERATIONS) -> None:
        self._memory = self._most = max(MOST_MEMORY, _MOST_GROWTH * stored)
        self._operations = self._most_operations = operations
        self._where = where

    def take(self, size: int) -> None:
        """Counts `size` bytes of memory more.

        Raises:
            UnsafeCheckpointError: They are too many.
        """
        self._memory -= size
        if self._memory < 0:
            raise UnsafeCheckpointError(
                f"its values would take more than {self._most:,} bytes of memory",
                where=self._where,
                hint="A small file that unfolds into endless data is a known attack; it was not read to its end.",
            )

    def begin(self, operations: int) -> None:
        """Counts operations more, and the memory that they take.

        Raises:
            UnsafeCheckpointError: They are too many.
        """
        self._operations -= operations
        if self._operations < 0:
            raise UnsafeCheckpointError(
                f"its pickle stream has more than {self._most_operations:,} operations",
                where=self._where,
            )
        self.take(operations * _OPERATION)


@contextmanager
def enough_memory(where: str) -> Iterator[None]:
    """Tells of a machine that has less memory than a file takes, which is then refused as any other.

    Args:
        where: The file's name.

    Raises:
        UnsafeCheckpointError: There was not enough.
    """
    try:
        yield
    except MemoryError as error:
        raise UnsafeCheckpointError(
            "takes more memory than there is", where=where, hint="It was not read to its end."
        ) from error


class Expansion:
    """Counts bytes that tensors have together, and stops where a file asks for far more than it holds.

    Args:
        size: Bytes of the file.
        what: Its name for the user.
    """

    def __init__(self, size: int, what: str) -> None:
        self._left = max(SMALL, MOST_EXPANSION * size)
        self._what = what

    def take(self, size: int) -> None:
        """Counts `size` bytes more.

        Raises:
            UnsafeCheckpointError: They are too many.
        """
        self._left -= size
        if self._left < 0:
            raise UnsafeCheckpointError(
                f"its tensors would have more than {MOST_EXPANSION} times the bytes of the file",
                where=self._what,
                hint="A small file that unfolds into endless data is a known attack; nothing was unfolded.",
            )


def checked_shape(shape: object, name: str) -> tuple[int, ...]:
    """`shape` as a tuple, if it is one of a tensor.

    Args:
        shape: A list or tuple of sizes.
        name: The tensor's name, for the error.

    Raises:
        CheckpointError: It is something else, or too large for any machine.
    """
    if not isinstance(shape, (list, tuple)) or len(shape) > _MOST_DIMENSIONS:
        raise CheckpointError(f"the shape of {name!r} is no list of up to {_MOST_DIMENSIONS} sizes")
    for each in shape:
        if type(each) is not int or not 0 <= each <= _MOST_ELEMENTS:
            raise CheckpointError(f"the shape of {name!r} has a size that no tensor has")
    if math.prod(shape) > _MOST_ELEMENTS:
        raise CheckpointError(f"the shape of {name!r} is larger than any machine")
    return tuple(shape)


def size_of(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a tensor.

    Raises:
        CheckpointError: The data type is not known, or the last byte is not full.
    """
    bits = math.prod(shape) * dtype_named(dtype).bits
    if bits % 8:
        raise CheckpointError(f"{math.prod(shape)} elements of {dtype} do not fill whole bytes")
    return bits // 8
