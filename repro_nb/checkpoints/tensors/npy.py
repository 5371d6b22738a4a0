"""numpy's ``.npy``: one array; its header is read as text, and an array of Python objects is refused."""

from __future__ import annotations

import ast
import io
import re
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.dtypes import dtype_name, dtype_named, opaque
from repro_nb.checkpoints.tensors.entries import ByteSource, Place, TensorEntry
from repro_nb.checkpoints.tensors.limits import checked_shape, size_of
from repro_nb.checkpoints.tensors.sources import FileBytes, Swapped, stream
from repro_nb.checkpoints.tensors.views import Gathered, View
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = [
    "LONGEST_START",
    "MAGIC",
    "Header",
    "NumpyType",
    "arranged",
    "numpy_type",
    "read_header",
    "read_npy",
]

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
"""Bytes; numpy's own bound."""

LONGEST_START = 12 + _LONGEST_HEADER
"""Bytes before an array's own, at most: the header, and what tells its version and length."""

_NUMBER = re.compile(r"([<>|=]?)([biufc])([0-9]{1,2})")
_OTHER = re.compile(r"([<>|=]?)([SUVmM])([0-9]{1,9})(\[[0-9a-zA-Zμ]{1,12}\])?")
_WORDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}


@dataclass(frozen=True, kw_only=True)
class NumpyType:
    """A data type as numpy describes it.

    Attributes:
        dtype: Our name for it.
        swap: Bytes of a number if they are stored the other way round; 0 if not.
    """

    dtype: str
    swap: int = 0


@dataclass(frozen=True, kw_only=True)
class Header:
    """The header of an array.

    Attributes:
        type: Its data type.
        shape: Its size in each dimension.
        fortran: Whether it is stored in Fortran order.
        length: Bytes of the header.
    """

    type: NumpyType
    shape: tuple[int, ...]
    fortran: bool
    length: int

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return size_of(self.type.dtype, self.shape)


def numpy_type(description: object) -> NumpyType:
    """What numpy's short description of a data type, such as ``<f4``, means.

    Raises:
        UnsafeCheckpointError: Python objects.
        CheckpointError: It has fields, or no bytes that are the same on every machine.
    """
    if not isinstance(description, str):
        raise CheckpointError(
            "an array with fields is not read; save each field as an array of its own"
        )
    if description.lstrip("<>|=")[:1] == "O":
        raise UnsafeCheckpointError(
            "holds an array of Python objects, which only unpickling could read",
            hint="Save numbers, and text as arrays of text; nothing was executed.",
        )
    return _number(description) or _other(description)


def _number(description: str) -> NumpyType | None:
    match = _NUMBER.fullmatch(description)
    if match is None:
        return None
    order, kind, size = match[1], match[2], int(match[3])
    name = dtype_name("bool" if kind == "b" else f"{_WORDS[kind]}{8 * size}")
    if name is None:
        raise CheckpointError(
            f"numbers of the numpy type {description!r} have other bytes on other machines"
        )
    return NumpyType(dtype=name, swap=dtype_named(name).word if order == ">" and size > 1 else 0)


def _other(description: str) -> NumpyType:
    match = _OTHER.fullmatch(description)
    if match is None:
        raise CheckpointError(f"the numpy data type {description[:40]!r} is not known")
    order, kind, count = match[1], match[2], int(match[3])
    if count == 0:
        raise CheckpointError("text without characters is not read")
    word = {"U": 4, "m": 8, "M": 8}.get(kind, 1)
    size = 4 * count if kind == "U" else count
    what = "" if kind == "V" else f"{kind}{count}{match[4] or ''}"
    return NumpyType(dtype=opaque(size, what), swap=word if order == ">" and word > 1 else 0)


def read_header(source: io.BufferedIOBase, where: str) -> Header:
    """The header of the array that `source` begins with.

    Raises:
        CheckpointError: There is none, or it is damaged.
        UnsafeCheckpointError: It is an array of Python objects.
    """
    start = source.read(8)
    if start[:6] != MAGIC or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise CheckpointError("does not begin as an array of numpy does", where=where)
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(source.read(width), "little")
    if length > _LONGEST_HEADER:
        raise UnsafeCheckpointError(f"has a header of {length:,} bytes", where=where)
    text = source.read(length).decode("utf-8" if start[6] == 3 else "latin-1", "replace")  # noqa: PLR2004 - version 3
    try:
        return _header(ast.literal_eval(text.strip()), 8 + width + length)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise CheckpointError("has a damaged header", where=where) from error
    except CheckpointError as error:
        error.where = error.where or where
        raise


def _header(fields: Any, length: int) -> Header:
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        raise ValueError("not the three fields of a header")
    if type(fields["fortran_order"]) is not bool:
        raise ValueError("an order that is neither yes nor no")
    return Header(
        type=numpy_type(fields["descr"]),
        shape=checked_shape(fields["shape"], "the array"),
        fortran=fields["fortran_order"],
        length=length,
    )


def arranged(
    source: ByteSource, stored: NumpyType, shape: tuple[int, ...], *, fortran: bool
) -> ByteSource:
    """Bytes of an array in C order and little-endian.

    Args:
        source: Its bytes as they are stored.
        stored: Its data type.
        shape: Its size in each dimension.
        fortran: Whether they are in Fortran order.
    """
    if stored.swap:
        source = Swapped(source, stored.swap)
    if not fortran or is_one_row(shape):
        return source
    strides = [1]
    for size in shape[:-1]:
        strides.append(strides[-1] * size)
    view = View(offset=0, shape=shape, strides=tuple(strides))
    width = dtype_named(stored.dtype).bits // 8
    return Gathered(source, size_of(stored.dtype, shape), view, width)


def is_one_row(shape: tuple[int, ...]) -> bool:
    """Whether C order and Fortran order are the same for it."""
    return 0 in shape or sum(size > 1 for size in shape) <= 1


def read_npy(file: OpenedFile, within: str) -> list[TensorEntry]:
    """The array of a ``.npy`` file; its name is empty, as the file gives it none.

    Args:
        file: The file.
        within: Its name within the checkpoint.

    Raises:
        CheckpointError: It is damaged, cut or has bytes left over.
    """
    where = str(file.path)
    header = read_header(stream(file), where)
    if header.length + header.size != file.size:
        raise CheckpointError(
            f"its array has {header.size:,} bytes, and {file.size - header.length:,} are there",
            where=where,
        )
    lying = ByteRange(start=header.length, stop=file.size)
    source = arranged(FileBytes(file, lying), header.type, header.shape, fortran=header.fortran)
    raw = isinstance(source, FileBytes)
    place = Place(file=within, range=lying) if raw else None
    return [
        TensorEntry(
            name="", dtype=header.type.dtype, shape=header.shape, place=place, source=source
        )
    ]
