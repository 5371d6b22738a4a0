"""From a tensor that torch's pickle stream describes to its bytes."""

from __future__ import annotations

from typing import Protocol

from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.checkpoints.tensors.entries import ByteSource, Place, TensorEntry
from repro_nb.checkpoints.tensors.limits import Expansion, checked_shape, size_of
from repro_nb.checkpoints.tensors.npy import arranged
from repro_nb.checkpoints.tensors.plain_values import NumpyArray
from repro_nb.checkpoints.tensors.sources import FileBytes, MemoryBytes, Swapped
from repro_nb.checkpoints.tensors.torch_values import Storage, StoredTensor
from repro_nb.checkpoints.tensors.views import Gathered
from repro_nb.errors import CheckpointError

__all__ = ["NoStorages", "Placer", "Storages"]


class Storages(Protocol):
    """Where a checkpoint keeps the bytes of its storages."""

    def size(self, storage: Storage) -> int:
        """Bytes of a storage."""

    def source(self, storage: Storage, start: int, size: int) -> ByteSource:
        """`size` bytes of a storage from `start` on."""


class NoStorages:
    """A stream that has no storages beside it."""

    def size(self, storage: Storage) -> int:
        """Raises, as there is none."""
        raise CheckpointError(f"has no storage {storage.key!r}")

    def source(self, storage: Storage, start: int, size: int) -> ByteSource:
        """Raises, as there is none."""
        del start, size
        raise CheckpointError(f"has no storage {storage.key!r}")


class Placer:
    """Makes entries of what a stream describes, after checking that the bytes are there.

    Args:
        storages: Where the bytes are.
        expansion: Counts the bytes that tensors with strides have in their storages.
        within: Name of the file within the checkpoint.
        swapped: Whether storages are big-endian.
    """

    def __init__(
        self, storages: Storages, expansion: Expansion, within: str, *, swapped: bool
    ) -> None:
        self._storages = storages
        self._expansion = expansion
        self._within = within
        self._swapped = swapped

    def entry(self, name: str, value: StoredTensor | NumpyArray) -> TensorEntry:
        """The entry of a tensor.

        Raises:
            CheckpointError: Its storage is missing, or too short for it.
            UnsafeCheckpointError: All tensors together are out of proportion.
        """
        if isinstance(value, NumpyArray):
            return self._array(name, value)
        size_of(value.dtype, value.view.shape)  # refuses what does not fill whole bytes
        source = self._elements(name, value)
        place = None
        if isinstance(source, FileBytes):
            place = Place(file=self._within, range=source.range)
        return TensorEntry(
            name=name, dtype=value.dtype, shape=value.view.shape, place=place, source=source
        )

    def _elements(self, name: str, value: StoredTensor) -> ByteSource:
        dtype = dtype_named(value.dtype)
        width = dtype.bits // 8
        if 0 in value.view.shape:
            return MemoryBytes(b"")
        start, stop = value.view.offset * width, value.view.stop * width
        self._check_within(name, value.storage, stop)
        part = value.storage.part[0] * width if value.storage.part else 0
        stored = self._storages.source(value.storage, part + start, stop - start)
        if self._swapped and dtype.word > 1:
            stored = Swapped(stored, dtype.word)
        if value.view.is_contiguous:
            return stored
        self._expansion.take(stop - start)
        return Gathered(stored, stop - start, value.view, width)

    def _check_within(self, name: str, storage: Storage, stop: int) -> None:
        there = self._storages.size(storage)
        width = 1 if storage.dtype is None else dtype_named(storage.dtype).bits // 8
        count = storage.part[1] if storage.part else storage.count
        if stop > min(there, count * width):
            raise CheckpointError(f"the storage of {name!r} ends before the tensor does")

    def _array(self, name: str, value: NumpyArray) -> TensorEntry:
        if value.dtype is None:
            raise CheckpointError(f"the array {name!r} has no data type")
        stored = value.dtype.resolved()
        shape = checked_shape(value.shape, name)
        if len(value.data) != size_of(stored.dtype, shape):
            raise CheckpointError(
                f"the array {name!r} has another number of bytes than its shape asks for"
            )
        source = arranged(MemoryBytes(value.data), stored, shape, fortran=value.fortran)
        return TensorEntry(name=name, dtype=stored.dtype, shape=shape, place=None, source=source)
