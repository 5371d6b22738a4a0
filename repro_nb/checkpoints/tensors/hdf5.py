"""HDF5, as Keras and others write weights: each data set is a tensor, called by its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.entries import Entry, Place, TensorEntry, ValueEntry
from repro_nb.checkpoints.tensors.extras import needed, numpy
from repro_nb.checkpoints.tensors.limits import (
    MOST_DEPTH,
    checked_shape,
    enough_memory,
    size_of,
)
from repro_nb.checkpoints.tensors.npy import NumpyType, arranged, numpy_type
from repro_nb.checkpoints.tensors.sources import FileBytes, rechunked, stream
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["MAGIC", "read_hdf5"]

MAGIC = b"\x89HDF\r\n\x1a\n"

_BLOCK = 32 << 20
"""Bytes of a data set that are read at a time."""

_CACHE = 128 << 20
"""Bytes of unpacked chunks that HDF5 keeps, so that none is unpacked for each row in it; no chunk may be larger."""

_MOST_NAMES = 50_000
"""Names of groups and data sets; HDF5 takes up to 300 µs for each."""

_MOST_AGAIN = 10_000
"""Names below groups that were met before: a few groups that link one another have paths without end."""


def read_hdf5(file: OpenedFile, within: str) -> list[Entry]:
    """Its data sets. What would lead to another file is refused.

    Args:
        file: The file.
        within: Its name within the checkpoint.

    Raises:
        CheckpointError: It is damaged, or a data set has no canonical bytes.
        UnsafeCheckpointError: It leads to other files, or has groups within themselves.
        UsageError: h5py is not installed.
    """
    h5py = needed("h5py", "HDF5", "formats")
    try:
        with enough_memory(str(file.path)):
            opened = h5py.File(stream(file), "r", rdcc_nbytes=_CACHE)
            return list(_Reader(h5py, file, within).entries(opened))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"is damaged: {shown(str(error))}", where=str(file.path)) from error


class _Reader:
    """Goes through groups."""

    def __init__(self, h5py: Any, file: OpenedFile, within: str) -> None:
        self.h5py = h5py
        self.file = file
        self.within = within
        self._met: set[int] = set()
        self._names = 0
        self._names_again = 0
        self._one_link = h5py.h5p.create(h5py.h5p.LINK_ACCESS)
        self._one_link.set_nlinks(1)

    def entries(self, root: Any) -> Iterator[Entry]:
        """Entries of the file."""
        yield from self._group("", root, ())

    def _group(self, path: str, group: Any, above: tuple[int, ...]) -> Iterator[Entry]:
        """Entries of a group and of those in it."""
        key = self.h5py.h5o.get_info(group.id).addr
        if key in above or len(above) > MOST_DEPTH:
            raise self._unsafe(f"the group {path!r} lies within itself")
        again = key in self._met
        self._met.add(key)
        for name in group:
            self._count(again)
            here = f"{path}/{name}" if path else name
            item = self._item(here, group, name)
            if isinstance(item, self.h5py.Group):
                yield from self._group(here, item, (*above, key))
            elif isinstance(item, self.h5py.Dataset):
                yield self._data_set(here, item)

    def _count(self, again: bool) -> None:
        self._names += 1
        self._names_again += again
        if self._names > _MOST_NAMES:
            raise self._unsafe(f"holds more than {_MOST_NAMES:,} names")
        if self._names_again > _MOST_AGAIN:
            raise self._unsafe(f"leads to the same groups by more than {_MOST_AGAIN:,} names")

    def _item(self, path: str, group: Any, name: str) -> Any:
        """What has that name. One link may be followed to it: a second could lead to another file.

        HDF5 would look in this file instead, since it has but a stream of it, and find other numbers under that name.
        """
        link = group.get(name, getlink=True)
        if isinstance(link, self.h5py.ExternalLink):
            raise self._unsafe(f"{path!r} leads to another file")
        if not isinstance(link, self.h5py.SoftLink):
            return group[name]
        try:
            found = self.h5py.h5o.open(group.id, name.encode(), lapl=self._one_link)
        except (OSError, RuntimeError, KeyError) as error:
            raise self._unsafe(
                f"{path!r} leads to {shown(link.path)!r}, which is not there, or is a link itself"
            ) from error
        if isinstance(found, self.h5py.h5g.GroupID):
            return self.h5py.Group(found)
        return self.h5py.Dataset(found) if isinstance(found, self.h5py.h5d.DatasetID) else found

    def _unsafe(self, what: str) -> UnsafeCheckpointError:
        return UnsafeCheckpointError(what, where=str(self.file.path))

    def _data_set(self, path: str, item: Any) -> Entry:
        if item.is_virtual or item.external:
            raise self._unsafe(f"the numbers of {path!r} are in another file")
        text = self.h5py.check_string_dtype(item.dtype)
        if text is not None and text.length is None and item.shape == ():
            return ValueEntry(name=path, kind="str", value=item.asstr(errors="surrogateescape")[()])
        if item.shape is None:
            return ValueEntry(name=path, kind="none", value=None)
        shape = checked_shape(tuple(map(int, item.shape)), path)
        stored = self._type(path, item)
        if item.chunks and size_of(stored.dtype, tuple(item.chunks)) > _CACHE:
            raise self._unsafe(f"{path!r} is stored in chunks of more than {_CACHE:,} bytes")
        source: Any = _Rows(item, size_of(stored.dtype, shape), path, str(self.file.path))
        place = None
        offset = item.id.get_offset()
        if item.chunks is None and offset is not None:
            lying = ByteRange(start=offset, stop=offset + size_of(stored.dtype, shape))
            source = FileBytes(self.file, lying)
            place = None if stored.swap else Place(file=self.within, range=lying)
        return TensorEntry(
            name=path,
            dtype=stored.dtype,
            shape=shape,
            place=place,
            source=arranged(source, stored, shape, fortran=False),
        )

    def _type(self, path: str, item: Any) -> NumpyType:
        dtype = item.dtype
        if dtype.fields or dtype.kind == "O":
            raise CheckpointError(
                f"the data set {path!r} has the type {dtype}, which is not read",
                where=str(self.file.path),
            )
        if self.h5py.check_enum_dtype(dtype) is not None and dtype.kind != "b":
            raise CheckpointError(
                f"the data set {path!r} is an enumeration, which is not read",
                where=str(self.file.path),
            )
        return numpy_type(dtype.str)


@dataclass(frozen=True)
class _Rows:
    """A data set that lies in chunks, compressed or not, read row by row.

    Attributes:
        item: The data set.
        size: Its bytes.
        name: Its path.
        where: The file's name.
    """

    item: Any
    size: int
    name: str
    where: str

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes in C order, in the byte order that they are stored in."""
        try:
            yield from rechunked(self._parts((), self.size, max(limit, _BLOCK)), limit)
        except (OSError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"{self.name!r} is damaged: {shown(str(error))}", where=self.where
            ) from error

    def _parts(self, index: tuple[int, ...], size: int, limit: int) -> Iterator[Any]:
        """The bytes under `index`, of which there are `size`, at most `limit` at a time."""
        np = numpy()
        if size <= limit:
            yield np.ascontiguousarray(self.item[index]).reshape(-1).view(np.uint8)
            return
        count = self.item.shape[len(index)]
        rows = limit // (size // count)
        if not rows:
            for row in range(count):
                yield from self._parts((*index, row), size // count, limit)
            return
        for start in range(0, count, rows):
            part = self.item[(*index, slice(start, start + rows))]
            yield np.ascontiguousarray(part).reshape(-1).view(np.uint8)
