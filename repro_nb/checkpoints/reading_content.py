"""The content of a checkpoint, as a registry keeps it; what cannot be read is told, and is no error."""

from __future__ import annotations

from pathlib import Path

from repro_nb.checkpoints.content import ContentRow, content_digest
from repro_nb.checkpoints.registered_parts import TENSOR_DIGITS, RegisteredContent, RegisteredTensor
from repro_nb.errors import FileChangedError, ReproError

__all__ = ["read_content"]


def read_content(path: Path, algorithm: str) -> RegisteredContent:
    """What is in a checkpoint. Nothing of it is executed.

    Args:
        path: A file or folder.
        algorithm: Name of the hash algorithm.

    Raises:
        FileChangedError: It was written meanwhile.
        OSError: It cannot be read.
    """
    try:
        found = content_digest(path, algorithm)
    except FileChangedError:
        raise
    except ReproError as error:
        return RegisteredContent(problem=error.message)
    return RegisteredContent(digest=found.digest, tensors=tuple(map(_kept, found.rows)))


def _kept(row: ContentRow) -> RegisteredTensor:
    file, place = row.place or ("", None)
    return RegisteredTensor(
        name=row.name,
        kind=row.kind,
        dtype=row.dtype,
        shape=tuple(row.shape),
        digest=row.digest[:TENSOR_DIGITS],
        file=file,
        range=place,
    )
