"""numpy's ``.npz``: a zip archive of arrays, compressed or not."""

from __future__ import annotations

import io

from repro_nb.checkpoints.tensors.entries import Entry, Place, TensorEntry
from repro_nb.checkpoints.tensors.npy import LONGEST_START, arranged, read_header
from repro_nb.checkpoints.tensors.sources import FileBytes
from repro_nb.checkpoints.tensors.zip_archive import Checked, Member, ZipArchive
from repro_nb.errors import CheckpointError

__all__ = ["read_npz"]


def read_npz(archive: ZipArchive, within: str) -> list[Entry]:
    """Its arrays; the name of each is that of its member, without ``.npy``.

    Args:
        archive: The archive.
        within: Name of its file within the checkpoint.

    Raises:
        CheckpointError: A member is no array, or damaged.
        UnsafeCheckpointError: A member is an array of Python objects.
    """
    return [_array(archive, member, within) for member in archive.members.values()]


def _array(archive: ZipArchive, member: Member, within: str) -> TensorEntry:
    where = f"{archive.file.path}: {member.name}"
    if not member.name.endswith(".npy"):
        raise CheckpointError("is no array", where=where)
    with archive.opened(member) as source:
        start = source.read(LONGEST_START)
    header = read_header(io.BytesIO(start), where)
    if header.length + header.size != member.size:
        raise CheckpointError(
            f"its array has {header.size:,} bytes, and {member.size - header.length:,} are there",
            where=where,
        )
    stored = archive.source(member, header.length)
    checked = Checked(stored, start[: header.length], member.crc, where)
    in_order = arranged(checked, header.type, header.shape, fortran=header.fortran)
    raw = in_order is checked
    return TensorEntry(
        name=member.name.removesuffix(".npy"),
        dtype=header.type.dtype,
        shape=header.shape,
        place=Place(file=within, range=stored.range)
        if raw and isinstance(stored, FileBytes)
        else None,
        source=in_order,
    )
