"""safetensors: a JSON header, then the tensors, one after the other without a hole."""

from __future__ import annotations

from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.strict_json import parse_json
from repro_nb.checkpoints.tensors.entries import Entry, Place, TensorEntry
from repro_nb.checkpoints.tensors.limits import (
    MOST_HEADER,
    checked_shape,
    enough_memory,
    size_of,
)
from repro_nb.checkpoints.tensors.sources import FileBytes, read
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.checkpoints.verdicts import ByteRange
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["looks_like_safetensors", "read_safetensors"]

_LENGTH = 8


def looks_like_safetensors(start: bytes) -> bool:
    """Whether a file that begins so is meant to be one: a length, then an object of JSON.

    A pickle may have a brace at that place too; read as a length, its first bytes are beyond any file.
    """
    is_pickle = start[:1] == b"\x80" and int.from_bytes(start[:_LENGTH], "little") >= 1 << 40
    return start[_LENGTH : _LENGTH + 1] == b"{" and not is_pickle


def read_safetensors(file: OpenedFile, within: str) -> list[Entry]:
    """Its tensors.

    Args:
        file: The file.
        within: Its name within the checkpoint.

    Raises:
        CheckpointError: It is damaged, cut, or breaks a rule of the format.
        UnsafeCheckpointError: Its header is out of proportion, or its tensors share bytes.
    """
    where = str(file.path)
    header, start = _header(file, where)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(each, str) for each in metadata.values()
    ):
        raise CheckpointError("its metadata is no table of texts", where=where)
    try:
        found = [_entry(file, name, fields, start, within) for name, fields in header.items()]
    except CheckpointError as error:
        error.where = error.where or where
        raise
    _check_cover(found, start, file.size, where)
    return list(found)


def _header(file: OpenedFile, where: str) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(read(file, 0, min(_LENGTH, file.size)), "little")
    if length > MOST_HEADER:
        raise UnsafeCheckpointError(f"has a header of {length:,} bytes", where=where)
    text = read(file, _LENGTH, length)
    try:
        with enough_memory(where):
            header = parse_json(text)
    except ValueError as error:
        raise CheckpointError(f"its header is damaged: {shown(str(error))}", where=where) from error
    if not isinstance(header, dict):
        raise CheckpointError("its header is no object", where=where)
    return header, _LENGTH + length


def _entry(file: OpenedFile, name: str, fields: Any, start: int, within: str) -> TensorEntry:
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(
            f"the tensor {name!r} is not described by data type, shape and offsets"
        )
    dtype, shape = fields["dtype"], checked_shape(fields["shape"], name)
    begin, end = checked_shape(fields["data_offsets"], name) or (0, -1)
    if not isinstance(dtype, str) or end - begin != size_of(dtype, shape):
        raise CheckpointError(
            f"the tensor {name!r} has another number of bytes than its shape asks for"
        )
    lying = ByteRange(start=start + begin, stop=start + end)
    return TensorEntry(
        name=name,
        dtype=dtype,
        shape=shape,
        place=Place(file=within, range=lying),
        source=FileBytes(file, lying),
    )


def _check_cover(entries: list[TensorEntry], start: int, size: int, where: str) -> None:
    """Every byte after the header must belong to exactly one tensor, as the format demands."""
    at = start
    for lying in sorted(each.place.range for each in entries if each.place is not None):
        if lying.start < at:
            raise UnsafeCheckpointError(f"two tensors share {lying}", where=where)
        if lying.start > at:
            raise CheckpointError(
                f"no tensor holds {ByteRange(start=at, stop=lying.start)}", where=where
            )
        at = lying.stop
    if at != size:
        what = "is cut" if at > size else "has bytes behind its last tensor"
        raise CheckpointError(f"{what}: {size:,} bytes instead of {at:,}", where=where)
