"""Checkpoints of ``torch.distributed.checkpoint``: ``.metadata`` names the ``.distcp`` files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repro_nb.checkpoints.safe_names import safe_name
from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.verdicts import Damage, Verdict

__all__ = ["problems"]

_METADATA = ".metadata"
_SUFFIX = ".distcp"
_MOST = 256 * 1024 * 1024
"""Bytes of ``.metadata``: a million chunks of tensors."""

_MOST_TEXTS = 3_000_000
"""Texts and lines in ``.metadata``, which has one for each chunk."""

_ENDING = _SUFFIX.encode()
_FIXED = re.compile(
    rb"(?:[NQR012()abdelostu\]}\x81\x85-\x89\x8f-\x94\x97\x98]"
    rb"|[Khq\x80\x82].|[M\x83]..|[Jjr\x84].{4}|[G\x95].{8})*+",
    re.DOTALL,
)
_LINES = {
    **dict.fromkeys((b"I", b"L", b"F", b"S", b"V", b"P", b"g", b"p"), re.compile(rb".([^\n]*)\n")),
    **dict.fromkeys((b"c", b"i"), re.compile(rb".([^\n]*\n[^\n]*)\n")),
}
_LENGTHS = {
    **dict.fromkeys((b"U", b"C", b"\x8a", b"\x8c"), 1),
    **dict.fromkeys((b"T", b"X", b"B", b"\x8b"), 4),
    **dict.fromkeys((b"\x8d", b"\x8e", b"\x96"), 8),
}
"""Operations with a length, by the bytes of that length."""


def problems(folder: Folder) -> Iterator[Damage]:
    """Files that the metadata names and that are not there, files that it does not name, and metadata that is missing.

    Raises:
        CheckpointError: The metadata cannot be read.
        UnsafeCheckpointError: It names a file that does not lie in the checkpoint.
    """
    present = {name for name in folder.files if name.endswith(_SUFFIX)}
    if _METADATA not in folder.own:
        if any("/" not in name for name in present):
            yield folder.damage(_METADATA, Verdict.MISSING)
        return
    named = _named(folder.content(_METADATA, _MOST))
    if named is None:
        yield folder.damage(_METADATA, Verdict.UNREADABLE)
        return
    if not named and not present:
        return  # the metadata of something else
    for name in sorted(named - present):
        yield folder.damage(name, Verdict.MISSING)
    for name in sorted(present - named):
        yield folder.damage(name, Verdict.EXTRA)


def _named(metadata: bytearray) -> set[str] | None:
    """The files that the metadata names; None where it is no pickle stream.

    The stream is split into its operations, and its texts are looked at; unpickling it would run what it says.
    """
    named: set[str] = set()
    try:
        for text in _texts(metadata):
            if text.endswith(_ENDING):
                named.add(safe_name(text.decode("utf-8", "replace")))
    except ValueError:
        return None
    return named


def _texts(stream: bytearray) -> Iterator[bytes | bytearray]:
    """The texts of a pickle stream. Operations of fixed length are passed over together: there may be 50 million.

    Raises:
        ValueError: It is none.
    """
    at = 0
    for _ in range(_MOST_TEXTS):
        at = _match(_FIXED, stream, at).end()
        operation = bytes(stream[at : at + 1])
        if operation == b".":
            return
        if operation in _LINES:
            line = _match(_LINES[operation], stream, at)
            at = line.end()
            yield _unescaped(operation, line[1])
            continue
        width = _LENGTHS.get(operation)
        if width is None:
            raise ValueError("no operation of pickle, or cut")
        start = at + 1 + width
        length = int.from_bytes(stream[at + 1 : start], "little")
        at = start + length
        if at > len(stream):
            raise ValueError("cut within a text")
        yield stream[start:at]
    raise ValueError(f"more than {_MOST_TEXTS:,} texts")


def _unescaped(operation: bytes, line: bytes) -> bytes:
    """A text of the oldest protocol, whose characters may be written by their numbers."""
    if operation == b"V":
        return line.decode("raw-unicode-escape").encode()
    return line.strip(b"'\"").decode("unicode-escape").encode() if operation == b"S" else line


def _match(pattern: re.Pattern[bytes], stream: bytearray, at: int) -> re.Match[bytes]:
    found = pattern.match(stream, at)
    if found is None:
        raise ValueError("cut within a line")
    return found
