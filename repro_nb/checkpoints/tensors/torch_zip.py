"""torch's zip archive: a pickle stream that describes tensors, and one member for each storage."""

from __future__ import annotations

from typing import Any

from repro_nb.checkpoints.tensors.allow_list import interpret
from repro_nb.checkpoints.tensors.entries import ByteSource, Entry
from repro_nb.checkpoints.tensors.flatten import read_entries
from repro_nb.checkpoints.tensors.limits import Budget, Expansion
from repro_nb.checkpoints.tensors.torch_placing import Placer
from repro_nb.checkpoints.tensors.torch_values import Storage, storage_of, torch_name
from repro_nb.checkpoints.tensors.zip_archive import Member, ZipArchive
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["STREAM", "read_torch_zip"]

STREAM = "data.pkl"

_MOST_UNPACKED = 64 * 2**20
"""Bytes of a pickle stream that is compressed, which torch never does."""


def read_torch_zip(archive: ZipArchive, within: str, stream: str) -> list[Entry]:
    """Its tensors and values.

    Args:
        archive: The archive.
        within: Name of its file within the checkpoint.
        stream: Name of the member that holds the pickle stream.

    Raises:
        CheckpointError: It is damaged, or is a TorchScript program.
        UnsafeCheckpointError: Loading it would run code.
    """
    where = str(archive.file.path)
    root = stream.removesuffix(STREAM)
    _check_names(archive, root)
    if f"{root}constants.pkl" in archive.members:
        raise CheckpointError(
            "is a TorchScript program, not a table of tensors",
            where=where,
            hint="Save its state dict: torch.save(torch.jit.load(path).state_dict(), …).",
        )
    value = _described(archive, archive.member(stream))
    big = _is_big_endian(archive, root)
    storages = _Members(archive, root)
    placer = Placer(storages, Expansion(archive.file.size, where), within, swapped=big)
    return read_entries(value, placer.entry, where)


def _check_names(archive: ZipArchive, root: str) -> None:
    """The folder of the first member is the archive's for torch, and names are looked up without regard to case."""
    where = str(archive.file.path)
    if root.count("/") != 1:
        raise UnsafeCheckpointError(
            f"has its pickle stream in {root!r}, where torch would not look", where=where
        )
    for name in archive.members:
        if not name.startswith(root):
            raise UnsafeCheckpointError(
                f"holds {name!r} outside of {root!r}, which torch could take for it", where=where
            )
        within = name.removeprefix(root)
        if within != within.lower():
            raise UnsafeCheckpointError(
                f"holds {name!r}, which torch takes for {root + within.lower()!r}", where=where
            )


def _described(archive: ZipArchive, member: Member) -> Any:
    """What the pickle stream describes."""
    where = str(archive.file.path)
    stored = member.range.stop - member.range.start
    if member.size > max(_MOST_UNPACKED, stored):
        raise UnsafeCheckpointError(
            f"its pickle stream unfolds from {stored:,} bytes to {member.size:,}", where=where
        )
    budget = Budget(stored, where)
    with archive.opened(member) as stream:
        return interpret(
            stream, torch_name, storage_of, size=member.size, budget=budget, where=where
        )


def _is_big_endian(archive: ZipArchive, root: str) -> bool:
    if f"{root}byteorder" not in archive.members:
        return False
    order = archive.data(f"{root}byteorder", 16)
    if order not in (b"little", b"big"):
        raise CheckpointError(f"has the byte order {order!r}", where=str(archive.file.path))
    return order == b"big"


class _Members:
    """Storages as members of an archive."""

    def __init__(self, archive: ZipArchive, root: str) -> None:
        self._archive = archive
        self._root = root

    def _member(self, storage: Storage) -> Member:
        return self._archive.member(f"{self._root}data/{storage.key}")

    def size(self, storage: Storage) -> int:
        """Bytes of a storage."""
        return self._member(storage).size

    def source(self, storage: Storage, start: int, size: int) -> ByteSource:
        """Bytes of a storage."""
        return self._archive.source(self._member(storage), start, size)
