"""Names of checkpoints: relative to the folder of their registry, with ``/``, and never leading out; or addresses."""

from __future__ import annotations

import os
from pathlib import Path

from repro_nb.checkpoints.remote import is_remote, shown
from repro_nb.checkpoints.safe_names import safe_name
from repro_nb.errors import UnsafeCheckpointError, UsageError

__all__ = [
    "REGISTRY",
    "check_not_empty",
    "is_safe",
    "name_of",
    "path_of",
    "registry_folder",
]

REGISTRY = "checkpoints.repro.jsonl"
"""File name of the registry."""


def check_not_empty(path: str | os.PathLike[str]) -> None:
    """Refuse the empty path, which would be taken for the current folder.

    Raises:
        UsageError: It is empty.
    """
    if not os.fspath(path):
        raise UsageError("the path is empty")


def is_safe(name: str) -> bool:
    """Whether a name from a file is an address, or stays inside the folder that it is relative to on every system."""
    if is_remote(name):
        return name.isprintable()
    try:
        safe_name(name)
    except UnsafeCheckpointError:
        return False
    return True


def name_of(path: str | os.PathLike[str], directory: Path) -> str:
    """The name of a checkpoint.

    Args:
        path: Where it is, relative to `directory` or absolute; or its address.
        directory: The folder of the registry.

    Raises:
        UsageError: It is empty, does not lie in that folder, is the folder itself, or its name cannot be kept.
    """
    check_not_empty(path)
    if is_remote(path):
        return _address(os.fspath(path))
    full = _absolute(directory / path)
    inside = _inside(full, _absolute(directory))
    if inside is None:
        inside = _inside(full.parent.resolve() / full.name, directory.resolve())
    if inside is None or not inside.parts:
        raise UsageError(
            f"a checkpoint must lie in the folder of its registry, {directory}",
            where=str(path),
            hint="Name the folder that both lie in, or another registry.",
        )
    name = inside.as_posix()
    if not is_safe(name):
        raise UsageError("this name cannot be kept in a registry", where=repr(name))
    return name


def path_of(name: str, directory: Path) -> str | Path:
    """Where the checkpoint of that name lies."""
    return name if is_remote(name) else directory / name


def registry_folder(path: str | os.PathLike[str]) -> Path:
    """The folder whose registry a checkpoint belongs to: the nearest one above it that has one, else its own folder.

    What lies elsewhere belongs to the current folder's.
    """
    own = Path.cwd() if is_remote(path) else _absolute(path).parent
    return next((folder for folder in (own, *own.parents) if (folder / REGISTRY).is_file()), own)


def _address(path: str) -> str:
    if path != shown(path):
        raise UsageError(
            "this address has a secret in it, or a query, which a file to be committed must not keep",
            where=shown(path),
            hint="Give the plain address, and the credentials to the store's client by its own settings.",
        )
    return path


def _absolute(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link goes by its own name, and not by its target's


def _inside(path: Path, folder: Path) -> Path | None:
    try:
        return path.relative_to(folder)
    except ValueError:
        return None
