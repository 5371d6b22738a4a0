"""GGUF: metadata, a table of tensors, then the tensors, each aligned; quantised ones in blocks."""

from __future__ import annotations

import struct
import sys
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.dtypes import opaque
from repro_nb.checkpoints.tensors.entries import Entry, Place, TensorEntry, ValueEntry
from repro_nb.checkpoints.tensors.extras import needed
from repro_nb.checkpoints.tensors.limits import (
    MOST_DEPTH,
    MOST_ENTRIES,
    Budget,
    checked_shape,
    enough_memory,
    size_of,
)
from repro_nb.checkpoints.tensors.sources import FileBytes, stream
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["MAGIC", "read_gguf"]

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_LONGEST_TEXT = 64 * 2**20
_MOST_MEMBERS = 4_000_000
"""Texts and lists in lists: three for each of a million words, and more."""

_EMPTY = sys.getsizeof([])
_MEMBER = 40
"""Bytes of a number in a list, and of what a text or list has beside its own."""
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_TEXT, _ARRAY = 8, 9
_PLAIN = {
    "F32": "F32",
    "F16": "F16",
    "BF16": "BF16",
    "F64": "F64",
    "I8": "I8",
    "I16": "I16",
    "I32": "I32",
    "I64": "I64",
}


def read_gguf(file: OpenedFile, within: str) -> list[Entry]:
    """Its metadata as values, and its tensors; a quantised tensor's elements are its blocks.

    Args:
        file: The file.
        within: Its name within the checkpoint.

    Raises:
        CheckpointError: It is damaged, cut, or of another version or byte order.
        UnsafeCheckpointError: It announces more than it could hold.
        UsageError: gguf, which has the table of block sizes, is not installed.
    """
    constants = needed("gguf.constants", "GGUF", "formats")
    try:
        with enough_memory(str(file.path)):
            return _Reader(file, within, constants).entries()
    except (struct.error, UnicodeDecodeError, ValueError, TypeError) as error:
        raise CheckpointError(f"is damaged: {shown(str(error))}", where=str(file.path)) from error
    except CheckpointError as error:
        error.where = error.where or str(file.path)
        raise


class _Reader:
    """Reads from front to back."""

    def __init__(self, file: OpenedFile, within: str, constants: Any) -> None:
        self.file = file
        self.within = within
        self.constants = constants
        self._stream = stream(file, len(MAGIC))
        self._budget = Budget(0, str(file.path))
        self._members = 0

    def entries(self) -> list[Entry]:
        """Everything in the file."""
        version, tensors, values = self._numbers("<IQQ")
        if version not in _VERSIONS:
            raise CheckpointError(f"is of version {version} of GGUF, or big-endian")
        if tensors + values > MOST_ENTRIES:
            raise UnsafeCheckpointError(f"announces {tensors + values:,} tensors and values")
        metadata = [self._pair() for _ in range(values)]
        described = [self._description() for _ in range(tensors)]
        alignment = next(
            (each.value for each in metadata if each.name == "metadata/general.alignment"), 32
        )
        if type(alignment) is not int or alignment <= 0:
            raise CheckpointError("has no alignment")
        start = -(-(len(MAGIC) + self._stream.tell()) // alignment) * alignment
        return [*metadata, *(self._tensor(start, *each) for each in described)]

    def _numbers(self, code: str) -> tuple[Any, ...]:
        return struct.unpack(code, self._stream.read(struct.calcsize(code)))

    def _text(self) -> str:
        (length,) = self._numbers("<Q")
        if length > _LONGEST_TEXT:
            raise UnsafeCheckpointError(f"announces a text of {length:,} bytes")
        data = self._stream.read(length)
        if len(data) < length:
            raise CheckpointError("is cut: ends before what it says it holds")
        text = data.decode("utf-8", "surrogateescape")
        self._budget.take(_MEMBER + sys.getsizeof(text))
        return text

    def _pair(self) -> ValueEntry:
        name = self._text()
        (kind,) = self._numbers("<I")
        value = self._value(kind, 0)
        return ValueEntry(name=f"metadata/{name}", kind=type(value).__name__, value=value)

    def _value(self, kind: int, depth: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind == _ARRAY:
            return self._array(depth)
        if kind not in _NUMBERS:
            raise CheckpointError(f"has a value of the unknown kind {kind}")
        return self._numbers(f"<{_NUMBERS[kind]}")[0]

    def _array(self, depth: int) -> list[Any]:
        kind, count = self._numbers("<IQ")
        self._members += 0 if kind in _NUMBERS else count
        if depth > MOST_DEPTH or self._members > _MOST_MEMBERS or count > self.file.size:
            raise UnsafeCheckpointError(f"announces a list of {count:,} values")
        self._budget.take(_EMPTY + _MEMBER * count)
        if kind in _NUMBERS:
            return list(self._numbers(f"<{count}{_NUMBERS[kind]}"))
        return [self._value(kind, depth + 1) for _ in range(count)]

    def _description(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._text()
        (dimensions,) = self._numbers("<I")
        if dimensions > 8:  # noqa: PLR2004 - the format has four
            raise CheckpointError(f"{name!r} has {dimensions} dimensions")
        shape = self._numbers(f"<{dimensions}Q")
        kind, offset = self._numbers("<IQ")
        return name, tuple(reversed(shape)), kind, offset

    def _tensor(
        self, start: int, name: str, shape: tuple[int, ...], kind: int, offset: int
    ) -> TensorEntry:
        dtype, shape = self._stored(name, checked_shape(shape, name), kind)
        lying = ByteRange(start=start + offset, stop=start + offset + size_of(dtype, shape))
        if lying.stop > self.file.size:
            raise CheckpointError(f"is cut: {name!r} ends behind the end of the file")
        place = Place(file=self.within, range=lying)
        return TensorEntry(
            name=name, dtype=dtype, shape=shape, place=place, source=FileBytes(self.file, lying)
        )

    def _stored(self, name: str, shape: tuple[int, ...], kind: int) -> tuple[str, tuple[int, ...]]:
        """Data type and shape; for a quantised tensor the last dimension counts blocks."""
        quantised = self.constants.GGMLQuantizationType(kind)
        if quantised.name in _PLAIN:
            return _PLAIN[quantised.name], shape
        elements, size = self.constants.GGML_QUANT_SIZES[quantised]
        if not shape or shape[-1] % elements:
            raise CheckpointError(f"the rows of {name!r} are no multiple of {elements} elements")
        return opaque(size, quantised.name), (*shape[:-1], shape[-1] // elements)
