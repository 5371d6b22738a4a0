"""Reading small files that a stranger may have written: keys, and the JSON of signatures."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode, b64encode
from pathlib import Path

from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.strict_json import parse_json
from repro_nb.errors import CheckpointError, SignatureError

__all__ = ["decode_base64", "parse_json", "read_whole"]


def read_whole(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises:
        SignatureError: It cannot be read, is no regular file, or is longer.
    """
    try:
        with open_regular(path) as file:
            if file.size > limit:
                raise SignatureError(
                    f"this file has {file.size:,} bytes, more than {limit:,}", where=str(path)
                )
            with os.fdopen(os.dup(file.descriptor), "rb") as stream:
                return stream.read(limit)
    except CheckpointError as error:
        raise SignatureError(error.message, where=error.where, hint=error.hint) from error


def decode_base64(text: object) -> bytes:
    """The bytes that `text` stands for in base64, with nothing in it that does not belong there.

    Raises:
        ValueError: It is not base64.
    """
    if not isinstance(text, str):
        raise ValueError("a text in base64 was expected")  # noqa: TRY004 - one kind of error for whatever is wrong
    try:
        content = b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"it is not base64: {error}") from error
    if (
        b64encode(content).decode() != text
    ):  # bits after the last byte: a second spelling of the same
        raise ValueError("it is not base64 as it is written")
    return content
