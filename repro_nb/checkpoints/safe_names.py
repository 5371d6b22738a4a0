"""Names of files within a checkpoint: relative, with ``/``, the same on every system, and never leading out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PureWindowsPath

from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["canonical_name", "check_no_clash", "safe_name"]


def safe_name(name: str) -> str:
    """`name`, if it stays inside the folder that it is relative to, on every system.

    Raises:
        UnsafeCheckpointError: It is empty or absolute, has ``..``, ``.`` or empty parts, or what no file name can hold.
    """
    parts = name.split("/")
    leads_out = name.startswith("/") or ".." in parts or _leads_out_on_windows(name)
    if leads_out:
        raise UnsafeCheckpointError(f"the name {name[:200]!r} leads out of the checkpoint's folder")
    if "" in parts or "." in parts or "\0" in name or not _is_text(name):
        raise UnsafeCheckpointError(f"{name[:200]!r} is no name of a file in a checkpoint")
    return name


def canonical_name(name: str) -> str:
    """The name as it stands in a digest: in Unicode's form C, since some file systems decompose what they store."""
    return unicodedata.normalize("NFC", name)


def check_no_clash(names: Iterable[str]) -> None:
    """Make sure that no two names, of files or of folders on the way to them, are one on some systems.

    Raises:
        CheckpointError: Two differ in case, or in how their accents are written, alone.
    """
    seen: dict[str, str] = {}
    known: set[str] = set()
    for name in names:
        end = len(name)
        while end > 0 and name[:end] not in known:
            part = name[:end]
            known.add(part)
            other = seen.setdefault(_folded(part), part)
            if other != part:
                raise CheckpointError(
                    f"{other!r} and {part!r} are the same name on some systems",
                    hint="Rename one: a copy elsewhere would keep only one of the two.",
                )
            end = part.rfind("/")


def _leads_out_on_windows(name: str) -> bool:
    if "\\" not in name and ":" not in name:
        return False
    path = PureWindowsPath(name)
    return ".." in path.parts or bool(path.drive or path.root)


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
