"""What a checkpoint holds: tensors and plain values, each with its name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.checkpoints.verdicts import ByteRange

__all__ = ["CHUNK", "ByteSource", "Entry", "Place", "TensorEntry", "Tensors", "ValueEntry"]

CHUNK = 1 << 20
"""Bytes of a tensor that are in memory at a time, where nobody asks for another number."""


class Place(NamedTuple):
    """Where a tensor's bytes lie raw.

    Attributes:
        file: Name of the file within the checkpoint; empty where the checkpoint is a single file.
        range: Its bytes.
    """

    file: str
    range: ByteRange


class ByteSource(Protocol):
    """Where the bytes of one tensor come from."""

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes in pieces of `limit`, the last one shorter; a piece is valid until the next is asked for."""


@dataclass(frozen=True, kw_only=True)
class TensorEntry:
    """A tensor.

    Attributes:
        name: The keys that lead to it, joined by ``/``.
        dtype: Name of its data type, such as ``BF16``: see `dtypes`.
        shape: Its size in each dimension; empty for a single number.
        place: Where its bytes lie as they are in a file; None where they are compressed, strided or of the other
            byte order there.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    place: Place | None
    source: ByteSource = field(repr=False, compare=False)

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of its elements."""
        return (self.elements * dtype_named(self.dtype).bits + 7) // 8

    def chunks(self, limit: int = CHUNK) -> Iterator[memoryview]:
        """The elements in C order, little-endian, in pieces of `limit` bytes (a multiple of 16); the last is shorter.

        A piece is valid until the next one is asked for.

        Raises:
            CheckpointError: The bytes cannot be had from the file.
            FileChangedError: The file was cut meanwhile.
        """
        return self.source.chunks(limit)


@dataclass(frozen=True, kw_only=True)
class ValueEntry:
    """What a checkpoint holds beside its tensors: the number of an epoch, a learning rate, an option's name.

    Attributes:
        name: The keys that lead to it, joined by ``/``.
        kind: ``int``, ``float``, ``str``, ``bool``, ``none``, ``bytes``, ``complex``, ``list``, ``tuple``, ``set``,
            ``dict`` (an empty one), ``dtype``, ``device``, ``quantizer`` or ``sparse``.
        value: It.
    """

    name: str
    kind: str
    value: object


Entry = TensorEntry | ValueEntry


@dataclass(frozen=True, kw_only=True)
class Tensors:
    """An opened checkpoint.

    Attributes:
        format: Name of its format, such as ``safetensors``.
        entries: Each entry by its name, in the order of the file.
        size: Bytes of its files together.
        left_out: Names of files of a folder that hold no tensors, such as settings; nothing of them is here.
    """

    format: str
    entries: Mapping[str, Entry]
    size: int
    left_out: tuple[str, ...] = ()

    @property
    def tensors(self) -> tuple[TensorEntry, ...]:
        """The tensors alone."""
        return tuple(each for each in self.entries.values() if isinstance(each, TensorEntry))
