"""Opening checkpoints: regular files alone, and verified ones through the very descriptor that was hashed."""

from __future__ import annotations

import hmac
import io
import os
from pathlib import Path

from repro_nb.checkpoints.expected import parse_expected
from repro_nb.checkpoints.hashing import hash_file
from repro_nb.checkpoints.opened_file import Identity, OpenedFile, opened
from repro_nb.checkpoints.warning import warn_of_weakness
from repro_nb.errors import CheckpointError

__all__ = [
    "Identity",
    "OpenedFile",
    "VerifiedStream",
    "check_digest",
    "open_regular",
    "open_verified",
]


def open_regular(path: str | os.PathLike[str]) -> OpenedFile:
    """Open a regular file for reading; close it, or use it as a context manager.

    `path` may be a symbolic link: the user chose it. A FIFO, socket, device or folder is refused without being opened.

    Raises:
        CheckpointError: It is not there, may not be read, or is no regular file.
    """
    return opened(Path(path))


class VerifiedStream(io.BufferedReader):
    """A verified file as a stream.

    Args:
        file: The file, hashed; the stream takes its descriptor over.
    """

    def __init__(self, file: OpenedFile) -> None:
        self._watched = OpenedFile(os.dup(file.descriptor), file.path)
        self._watched.identity = file.identity
        super().__init__(io.FileIO(file.detach(), "rb"))

    def check_unchanged(self) -> None:
        """Make sure that nobody wrote to the file since it was opened for hashing.

        Raises:
            FileChangedError: Somebody did.
        """
        self._watched.check_unchanged()

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._watched.close()


def open_verified(
    path: str | os.PathLike[str], expected: str, algorithm: str = "sha256"
) -> VerifiedStream:
    """Open a file whose content has the digest `expected`; read from the stream, and nothing else was hashed.

    The descriptor that was hashed is handed over, at its start, so that no other file can be put in its place between
    check and use. Who may write to the file itself can still do so while it is read: call ``check_unchanged()`` of
    the stream after reading, which tells that as far as the file system knows.

    Args:
        path: The file.
        expected: Its whole digest in hexadecimal digits, with or without ``sha256:`` before it.
        algorithm: Name of the hash algorithm, where `expected` does not name it.

    Raises:
        CheckpointError: It cannot be read, or its digest is another one.
        FileChangedError: It was written while it was hashed.
        UsageError: `expected` is no whole digest.
    """
    file = open_regular(path)
    try:
        check_digest(file, expected, algorithm)
        os.lseek(file.descriptor, 0, os.SEEK_SET)
        return VerifiedStream(file)
    except BaseException:
        file.close()
        raise


def check_digest(file: OpenedFile, expected: str, algorithm: str = "sha256") -> None:
    """Make sure that an open file has the digest `expected`.

    Raises:
        CheckpointError: It cannot be read, or its digest is another one.
        FileChangedError: It was written while it was hashed.
        UsageError: `expected` is no whole digest.
    """
    chosen, digest = parse_expected(expected, algorithm)
    warn_of_weakness(chosen, stacklevel=4)
    actual = hash_file(file, chosen).digest
    if not hmac.compare_digest(actual, digest):
        raise CheckpointError(
            f"its {chosen.name} is {actual}, and not {digest}",
            where=str(file.path),
            hint="Do not load it: it is damaged, or another file than the one that was meant.",
        )
