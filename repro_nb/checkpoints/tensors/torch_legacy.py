"""torch's format from before its zip archives: pickles in a row, then the storages; and pickles of values alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.allow_list import interpret
from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.checkpoints.tensors.entries import ByteSource, Entry
from repro_nb.checkpoints.tensors.flatten import read_entries
from repro_nb.checkpoints.tensors.limits import Budget, Expansion
from repro_nb.checkpoints.tensors.sources import FileBytes, read, stream
from repro_nb.checkpoints.tensors.torch_placing import NoStorages, Placer
from repro_nb.checkpoints.tensors.torch_values import Storage, storage_of, torch_name
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["read_pickles"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MODERN = b"\x80"
"""What a pickle begins with since its second protocol; before, it began as any text may."""


def read_pickles(file: OpenedFile, within: str) -> tuple[str, list[Entry]]:
    """Name of the format, and the tensors and values.

    Args:
        file: The file.
        within: Its name within the checkpoint.

    Raises:
        CheckpointError: It is damaged, cut, or of a format that is no more.
        UnsafeCheckpointError: Loading it would run code.
    """
    where = str(file.path)
    found = _Storages(file)
    pickles = _Pickles(file)
    first = _first(file, pickles, found)
    if first != _MAGIC:
        if pickles.at != file.size:
            raise CheckpointError("has something behind its pickle stream", where=where)
        placer = Placer(NoStorages(), Expansion(file.size, where), within, swapped=False)
        return "pickle", read_entries(first, placer.entry, where)
    value = _after_magic(pickles, found, where)
    # Whatever machine wrote it, storages of this format are little-endian.
    placer = Placer(found, Expansion(file.size, where), within, swapped=False)
    return "torch (before 1.6)", read_entries(value, placer.entry, where)


class _Pickles:
    """The pickles of a file, one after the other, which share what they may take."""

    def __init__(self, file: OpenedFile) -> None:
        self._file = file
        self._stream = stream(file)
        self._budget = Budget(file.size, str(file.path))

    @property
    def at(self) -> int:
        """Where in the file the next one would begin."""
        return self._stream.tell()

    def next(self, persistent: Callable[[Any], Any] | None = None) -> Any:
        """What the next one describes.

        Args:
            persistent: Makes a value of a persistent id; None where there may be none.

        Raises:
            CheckpointError: It is damaged.
            UnsafeCheckpointError: It would run code, or is out of proportion.
        """
        return interpret(
            self._stream,
            torch_name,
            persistent,
            size=self._file.size - self.at,
            budget=self._budget,
            where=str(self._file.path),
        )


def _first(file: OpenedFile, pickles: _Pickles, found: _Storages) -> Any:
    """What the first pickle describes; a file that has none is told by what it is."""
    try:
        return pickles.next(found.known)
    except UnsafeCheckpointError:
        raise
    except CheckpointError as error:
        if read(file, 0, min(1, file.size)) == _MODERN:
            raise
        raise CheckpointError(
            "is of no format that is known" if file.size else "is empty",
            where=str(file.path),
            hint=f"Read as the oldest form of pickle, {error.message}.",
        ) from error


def _after_magic(pickles: _Pickles, found: _Storages, where: str) -> Any:
    """What is described."""
    protocol = pickles.next()
    if protocol != _PROTOCOL:
        raise CheckpointError(f"is of another version of its format than {_PROTOCOL}", where=where)
    pickles.next()  # sizes of C's types where it was written
    value = pickles.next(found.known)
    keys = pickles.next()
    found.lay_out(keys, pickles.at, where)
    return value


class _Storages:
    """Storages behind the pickles: a count of elements, then the elements."""

    def __init__(self, file: OpenedFile) -> None:
        self._file = file
        self._storages: dict[str, Storage] = {}
        self._lying: Mapping[str, ByteRange] = {}

    def known(self, identity: Any) -> Storage:
        """Remembers a storage that the stream refers to."""
        storage = storage_of(identity)
        return self._storages.setdefault(storage.key, storage) if storage.part is None else storage

    def lay_out(self, keys: Any, start: int, where: str) -> None:
        """Finds each storage's place from the list of keys.

        Raises:
            CheckpointError: The list is damaged, or the file is cut.
        """
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise CheckpointError("its list of storages is damaged", where=where)
        lying: dict[str, ByteRange] = {}
        for key in keys:
            storage = self._storages.get(key)
            if storage is None or key in lying:
                raise CheckpointError(
                    f"its list of storages names {key[:40]!r} wrongly", where=where
                )
            size = storage.count * (dtype_named(storage.dtype).bits // 8 if storage.dtype else 1)
            self._check_count(start, storage, where)
            lying[key] = ByteRange(start=start + 8, stop=start + 8 + size)
            start += 8 + size
        if start != self._file.size:
            raise CheckpointError(
                f"has {self._file.size:,} bytes instead of {start:,}", where=where
            )
        self._lying = lying

    def _check_count(self, start: int, storage: Storage, where: str) -> None:
        if start + 8 > self._file.size:
            raise CheckpointError("is cut before its last storage", where=where)
        (piece,) = FileBytes(self._file, ByteRange(start=start, stop=start + 8)).chunks(16)
        if storage.count != int.from_bytes(piece, "little"):
            raise CheckpointError(f"the storage {storage.key!r} has two sizes", where=where)

    def size(self, storage: Storage) -> int:
        """Bytes of a storage."""
        lying = self._place(storage)
        return lying.stop - lying.start

    def source(self, storage: Storage, start: int, size: int) -> ByteSource:
        """Bytes of a storage."""
        lying = self._place(storage)
        if lying.start + start + size > lying.stop:
            raise CheckpointError(f"the storage {storage.key!r} ends before its tensor")
        return FileBytes(
            self._file, ByteRange(start=lying.start + start, stop=lying.start + start + size)
        )

    def _place(self, storage: Storage) -> ByteRange:
        if storage.key not in self._lying:
            raise CheckpointError(f"has no storage {storage.key!r}")
        return self._lying[storage.key]
