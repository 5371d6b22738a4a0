"""Writing files so that a reader finds the old content or the new, never a part of it."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

__all__ = ["create_like", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`: a temporary file beside it, flushed to disk, then renamed over it.

    A file that is there keeps its permissions.

    Raises:
        OSError: It cannot be written; the old file is untouched.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        create_like(target, beside, content)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(target.parent)


def create_like(model: Path, path: Path, content: bytes) -> None:
    """Create the file at `path`, flushed to disk, with the permissions of `model`; the usual ones where there is none.

    Nobody who may not read `model` can read it at any moment.

    Raises:
        FileExistsError: There is a file already.
        OSError: It cannot be written.
    """
    mode = stat.S_IMODE(model.stat().st_mode) if model.exists() else None
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o666 if mode is None else mode), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        path.chmod(mode)  # what the umask took away


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there, and the rename is durable without
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
