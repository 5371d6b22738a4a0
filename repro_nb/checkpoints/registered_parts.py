"""What a registration keeps of files and contents, and how that is read from a file that may be hostile."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.safe_names import safe_name
from repro_nb.checkpoints.verdicts import ByteRange

__all__ = [
    "SHARD_BYTES",
    "TENSOR_DIGITS",
    "RegisteredContent",
    "RegisteredFile",
    "RegisteredTensor",
    "as_digits",
    "as_mapping",
    "as_text",
    "as_whole",
    "as_word",
]

_HEXADECIMAL = re.compile("[0-9a-f]*")
_LARGEST = 1 << 63
_WORD = re.compile("[a-z0-9_-]{0,40}")

SHARD_BYTES = 8
"""Bytes of each shard's digest that are kept. They tell where damage is once the whole digest has told that there is
some, and so need not withstand an attacker."""

TENSOR_DIGITS = 32
"""Hexadecimal digits of each tensor's digest that are kept, for the same reason."""


@dataclass(frozen=True, kw_only=True)
class RegisteredFile:
    """One file of a checkpoint.

    Attributes:
        name: Within the checkpoint, with ``/``; empty where the checkpoint is a single file.
        size: In bytes.
        digest: Of the whole file.
        shards: The first 8 bytes of the digest of each 8 MiB, in hexadecimal digits; empty where they are not known.
    """

    name: str
    size: int
    digest: str
    shards: tuple[str, ...] = ()

    def to_json(self) -> list[Any]:
        """The file as what ``json`` can write."""
        packed = base64.b64encode(bytes.fromhex("".join(self.shards))).decode("ascii")
        return [self.name, self.size, self.digest, packed]

    @classmethod
    def from_json(cls, data: Any) -> RegisteredFile:
        """The file that `to_json` wrote.

        Raises:
            TypeError: A value is of another type.
            UnsafeCheckpointError: The name leads out of the checkpoint.
            ValueError: A value is none that can be.
        """
        name, size, digest, packed = data
        try:
            shards = base64.b64decode(as_text(packed), validate=True).hex()
        except binascii.Error as error:
            raise ValueError("the digests of shards are no base64") from error
        step = 2 * SHARD_BYTES
        return cls(
            name=safe_name(as_text(name)) if name else "",
            size=as_whole(size),
            digest=as_digits(digest),
            shards=tuple(shards[at : at + step] for at in range(0, len(shards), step)),
        )


@dataclass(frozen=True, kw_only=True)
class RegisteredTensor:
    """One entry of a checkpoint: a tensor, or a plain value.

    Attributes:
        name: As the checkpoint has it.
        kind: ``tensor``, or the type of a plain value.
        dtype: As safetensors names it; empty for a plain value.
        shape: Its extents; empty for a plain value.
        digest: The first 32 hexadecimal digits of the digest of its canonical bytes.
        file: The file that its bytes lie in, within the checkpoint; empty where it is a single file.
        range: Where they lie there; None where they lie nowhere as they are, compressed ones for instance.
    """

    name: str
    kind: str
    dtype: str = ""
    shape: tuple[int, ...] = ()
    digest: str = ""
    file: str = ""
    range: ByteRange | None = None

    def to_json(self) -> list[Any]:
        """The entry as what ``json`` can write."""
        place = [] if self.range is None else [self.file, self.range.start, self.range.stop]
        return [self.name, self.kind, self.dtype, list(self.shape), self.digest, *place]

    @classmethod
    def from_json(cls, data: Any) -> RegisteredTensor:
        """The entry that `to_json` wrote.

        Raises:
            TypeError: A value is of another type.
            ValueError: It is none.
        """
        name, kind, dtype, shape, digest, *place = data
        file, start, stop = place or ("", None, None)
        return cls(
            name=as_text(name),
            kind=as_text(kind),
            dtype=as_text(dtype),
            shape=tuple(map(as_whole, shape)),
            digest=as_digits(digest),
            file=as_text(file),
            range=ByteRange(start=as_whole(start), stop=as_whole(stop)) if place else None,
        )


@dataclass(frozen=True, kw_only=True)
class RegisteredContent:
    """What is in a checkpoint, whatever format holds it.

    Attributes:
        digest: The content digest; empty where the content could not be read.
        tensors: Its entries.
        problem: Why the content could not be read; empty where it could.
    """

    digest: str = ""
    tensors: tuple[RegisteredTensor, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The content as what ``json`` can write."""
        if self.problem:
            return {"problem": self.problem}
        return {"digest": self.digest, "tensors": [each.to_json() for each in self.tensors]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RegisteredContent:
        """The content that `to_json` wrote.

        Raises:
            TypeError: A value is of another type.
            ValueError: It is none.
        """
        return cls(
            digest=as_digits(data.get("digest", "")),
            tensors=tuple(map(RegisteredTensor.from_json, data.get("tensors", ()))),
            problem=as_text(data.get("problem", "")),
        )


def as_text(value: Any) -> str:
    """A text from a file.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def as_digits(value: Any) -> str:
    """A digest from a file; only ASCII can be compared in constant time.

    Raises:
        TypeError: It is no text.
        ValueError: It is no digest.
    """
    text = as_text(value)
    if not _HEXADECIMAL.fullmatch(text):
        raise ValueError(f"{text!r:.40} is no digest")
    return text


def as_whole(value: Any) -> int:
    """A size or offset from a file.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST:
        raise TypeError(f"{str(value)[:40]} is no size")
    return value


def as_word(value: Any) -> str:
    """The name of an algorithm from a file; it need not be one that is known.

    Raises:
        TypeError: It is no text.
        ValueError: It cannot be the name of one.
    """
    if not _WORD.fullmatch(as_text(value)):
        raise ValueError(f"{str(value)[:40]!r} is no algorithm")
    return as_text(value)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """An object from a file.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.40} is no object")
    return value
