"""A zip archive that holds tensors, read with the suspicion that it was made to deceive.

Two readers can see different contents in one archive: where names in its directory and before its data differ, where
members overlap, occur twice, or where something stands behind its end. None of that is ever written by torch or numpy.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.entries import ByteSource
from repro_nb.checkpoints.tensors.limits import MOST_ENTRIES, enough_memory
from repro_nb.checkpoints.tensors.sources import FileBytes, Streamed, read, stream
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["ZIP", "Checked", "Member", "ZipArchive", "open_archive"]

ZIP = b"PK\x03\x04"
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ELSEWHERE = 0xFFFFFFFF
_LARGEST_DIRECTORY = 200 * 2**20
_LONGEST_SKIP = 1 << 16
"""Bytes of a compressed member before its tensor: each tensor that lay deeper would be unpacked for from the start."""

_MOST_DEFLATED = 1040
"""Bytes that one deflated byte can give at most."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of an archive.

    Attributes:
        name: Its name.
        size: Its bytes, once unpacked.
        range: Where its bytes lie in the file, packed or not.
        packed: Whether they are compressed.
        crc: Their checksum, CRC-32, once unpacked, as the directory has it.
    """

    name: str
    size: int
    range: ByteRange
    packed: bool
    crc: int


@dataclass(frozen=True)
class Checked:
    """All bytes of a member but those before its tensor, whose checksum is compared when the last one has passed.

    Attributes:
        source: The bytes of the tensor, as they are stored.
        head: The bytes before them.
        crc: The checksum of both together.
        what: What they are, for the error.
    """

    source: ByteSource
    head: bytes
    crc: int
    what: str

    def chunks(self, limit: int) -> Iterator[memoryview]:
        """The bytes.

        Raises:
            CheckpointError: The last one was given, and the checksum is another.
        """
        actual = zlib.crc32(self.head)
        for piece in self.source.chunks(limit):
            actual = zlib.crc32(piece, actual)
            yield piece
        if actual != self.crc:
            raise CheckpointError(
                "is damaged: its bytes do not have the checksum that the archive says",
                where=self.what,
            )


@dataclass(frozen=True, kw_only=True)
class ZipArchive:
    """An archive whose directory was checked.

    Attributes:
        file: The file.
        members: Each member by its name, in the order of the directory.
    """

    file: OpenedFile
    members: Mapping[str, Member]

    def data(self, name: str, limit: int) -> bytes:
        """The bytes of a small member.

        Raises:
            CheckpointError: There is none, or it is damaged.
            UnsafeCheckpointError: It is longer than `limit`.
        """
        member = self.member(name)
        if member.size > limit:
            raise UnsafeCheckpointError(
                f"{name} has {member.size:,} bytes", where=str(self.file.path)
            )
        pieces = self.source(member).chunks(1 << 20)
        return b"".join(bytes(piece) for piece in pieces)

    def member(self, name: str) -> Member:
        """The member called `name`.

        Raises:
            CheckpointError: There is none.
        """
        if name not in self.members:
            raise CheckpointError(f"has no member {name}", where=str(self.file.path))
        return self.members[name]

    def source(self, member: Member, start: int = 0, size: int | None = None) -> ByteSource:
        """Bytes of a member.

        Args:
            member: It.
            start: Offset of the first byte.
            size: How many; all from `start` on when None.
        """
        stop = member.size if size is None else start + size
        if not start <= stop <= member.size:
            raise CheckpointError(
                f"{member.name} ends before its tensor", where=str(self.file.path)
            )
        if not member.packed:
            lying = ByteRange(start=member.range.start + start, stop=member.range.start + stop)
            return FileBytes(self.file, lying)
        if stop < member.size or start > _LONGEST_SKIP:
            raise CheckpointError(
                f"{member.name} is compressed, and a tensor is but a part of it",
                where=str(self.file.path),
            )
        where = f"{self.file.path}: {member.name}"
        return Streamed(lambda: self.opened(member), start, stop - start, where)

    @contextmanager
    def opened(self, member: Member) -> Iterator[io.BufferedIOBase]:
        """The bytes of a member as a stream."""
        packed = stream(self.file, member.range.start, member.range.stop)
        try:
            yield io.BufferedReader(
                _Inflated(packed) if member.packed else packed.detach(), 1 << 16
            )
        except zlib.error as error:
            raise CheckpointError(f"{member.name} is damaged", where=str(self.file.path)) from error


class _Inflated(io.RawIOBase):
    """A deflated stream, unpacked by no more than what is asked for."""

    def __init__(self, packed: io.BufferedReader) -> None:
        self._packed = packed
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed.read(1 << 16)
            data = self._inflate.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            if not packed:
                break
        return 0


def open_archive(file: OpenedFile) -> ZipArchive:
    """The archive, after its directory was checked.

    Raises:
        CheckpointError: It is damaged, or uses what torch and numpy never do.
        UnsafeCheckpointError: It is made so that readers see different contents, or unfolds without end.
    """
    where = str(file.path)
    try:
        _check_end(file)
        with enough_memory(where), zipfile.ZipFile(stream(file)) as archive:
            infos = archive.infolist()
    except (
        zipfile.BadZipFile,
        struct.error,
        ValueError,
        OverflowError,
        NotImplementedError,
    ) as error:
        raise CheckpointError(
            f"its zip directory is damaged: {shown(str(error))}", where=where
        ) from error
    if len(infos) > MOST_ENTRIES:
        raise UnsafeCheckpointError(f"has more than {MOST_ENTRIES:,} members", where=where)
    members: dict[str, Member] = {}
    for info in infos:
        if not info.filename.isprintable():
            raise UnsafeCheckpointError(f"holds a member called {info.filename!r}", where=where)
        if info.filename in members:
            raise UnsafeCheckpointError(f"holds {info.filename!r} twice", where=where)
        members[info.filename] = _member(file, info)
    _check_apart(members.values(), where)
    return ZipArchive(file=file, members=members)


def _check_end(file: OpenedFile) -> None:
    """The directory must lie directly before the end record, and the end record at the very end of the file."""
    where = str(file.path)
    start = file.size - _END.size
    if start < 0:
        raise CheckpointError("is cut: a zip archive has an end record", where=where)
    signature, *_, size, offset, _comment = _END.unpack(read(file, start, _END.size))
    if signature != b"PK\x05\x06":
        raise CheckpointError("is cut, or something stands behind its end", where=where)
    if _ELSEWHERE in (size, offset) or _has_locator(file, start):
        start, size, offset = _end_64(file, start)
    if offset + size != start:
        raise UnsafeCheckpointError("has something between its directory and its end", where=where)
    if size > _LARGEST_DIRECTORY:
        raise UnsafeCheckpointError(f"has a directory of {size:,} bytes", where=where)


def _has_locator(file: OpenedFile, end: int) -> bool:
    start = end - _LOCATOR_64.size
    return start >= 0 and read(file, start, 4) == b"PK\x06\x07"


def _end_64(file: OpenedFile, end: int) -> tuple[int, int, int]:
    """Start of the large end record; size and offset of the directory."""
    start = end - _LOCATOR_64.size - _END_64.size
    _, _, located, _ = _LOCATOR_64.unpack(read(file, end - _LOCATOR_64.size, _LOCATOR_64.size))
    signature, *_, size, offset = _END_64.unpack(read(file, start, _END_64.size))
    if signature != b"PK\x06\x06" or located != start:
        raise CheckpointError("its zip directory is damaged", where=str(file.path))
    return start, size, offset


def _member(file: OpenedFile, info: zipfile.ZipInfo) -> Member:
    where = f"{file.path}: {info.filename}"
    if info.flag_bits & 0x1:
        raise CheckpointError("is encrypted", where=where)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise CheckpointError(
            f"is packed by the method {info.compress_type}, which is not read", where=where
        )
    packed = info.compress_type == zipfile.ZIP_DEFLATED
    if not packed and info.compress_size != info.file_size:
        raise UnsafeCheckpointError("is not packed, and yet has two sizes", where=where)
    if packed and info.file_size > _MOST_DEFLATED * (info.compress_size + 1):
        raise UnsafeCheckpointError("cannot have the size that the directory says", where=where)
    start = _data_start(file, info, where)
    lying = ByteRange(start=start, stop=start + info.compress_size)
    if lying.stop > file.size:
        raise CheckpointError("is cut", where=where)
    return Member(name=info.filename, size=info.file_size, range=lying, packed=packed, crc=info.CRC)


def _data_start(file: OpenedFile, info: zipfile.ZipInfo, where: str) -> int:
    """Where a member's bytes begin, after a header of its own that must name it as the directory does."""
    head = _LOCAL.unpack(read(file, info.header_offset, _LOCAL.size))
    signature, method, name_length, extra_length = head[0], head[3], head[9], head[10]
    named = read(file, info.header_offset + _LOCAL.size, name_length)
    told = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
    if signature != ZIP or named != told or method != info.compress_type:
        raise UnsafeCheckpointError(
            "is described in two ways that contradict one another", where=where
        )
    start: int = info.header_offset + _LOCAL.size + name_length + extra_length
    return start


def _check_apart(members: Iterable[Member], where: str) -> None:
    """No two members may share bytes: that is how a small archive unfolds without end."""
    last = ByteRange(start=0, stop=0)
    for member in sorted(members, key=lambda each: each.range):
        if member.range.start < last.stop:
            raise UnsafeCheckpointError(f"{member.name!r} lies over another member", where=where)
        last = member.range
