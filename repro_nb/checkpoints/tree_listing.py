"""The files of a checkpoint's folder: found without leaving it, and refused by name where they cannot be hashed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from repro_nb.checkpoints.opened_file import (
    Identity,
    OpenedFile,
    identity,
    kind_of,
    opened,
    unreadable,
)
from repro_nb.checkpoints.safe_names import canonical_name, check_no_clash, safe_name
from repro_nb.errors import CheckpointError, FileChangedError, UnsafeCheckpointError

__all__ = ["FOLDERS", "LEFT_OUT", "TreeFile", "list_tree", "open_in_tree"]

LEFT_OUT = frozenset(
    {
        ".cache/huggingface",  # where downloads of the Hugging Face hub keep their book
        ".git",
        "B2SUMS",
        "B3SUMS",
        "MD5SUMS",
        "SHA256SUMS",
        "SHA512SUMS",
        "XXH128SUMS",
        "checkpoints.repro.jsonl",
        "manifest.intoto.json",
        "model.sig",
    }
)
"""What speaks about a checkpoint, and is no part of it, at the top of its folder."""

FOLDERS = frozenset({".cache/huggingface", ".git", ".github"})
"""Those names that are left out of folders; a file so called counts, as does a folder by another one's name."""


@dataclass(frozen=True, kw_only=True)
class TreeFile:
    """A file in a tree.

    Attributes:
        name: Relative to the tree, with ``/``, exactly as the file system has it.
        path: What is opened: the file, or what the link of that name leads to.
        identity: What it was when the tree was listed.
    """

    name: str
    path: Path
    identity: Identity

    @property
    def size(self) -> int:
        """In bytes."""
        return self.identity.size


def list_tree(root: Path, left_out: Iterable[str] = LEFT_OUT) -> tuple[TreeFile, ...]:
    """The files below `root`, in the order of their canonical names' code points.

    A link to a file inside the tree counts as that file. Empty folders do not count.

    Args:
        root: The folder; a link to one will do.
        left_out: Names of files and folders, relative to `root`, that do not count.

    Raises:
        CheckpointError: Something is neither file nor folder, cannot be read, or has a name that is
            the same as another one on some systems; a link leads nowhere, or to a folder.
        UnsafeCheckpointError: A link leads out of the tree, or a name is none that other systems can have.
    """
    files = sorted(_found(root, frozenset(left_out)), key=lambda each: canonical_name(each.name))
    check_no_clash(each.name for each in files)
    return tuple(files)


def open_in_tree(file: TreeFile) -> OpenedFile:
    """Open a file that was listed.

    Raises:
        CheckpointError: It cannot be read.
        FileChangedError: It is another one now.
    """
    try:
        result = opened(file.path, follow=False)
    except CheckpointError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise FileChangedError(
                "was removed while its folder was read", where=str(file.path)
            ) from error
        raise
    if result.identity != file.identity:
        result.close()
        raise FileChangedError("was changed while its folder was read", where=str(file.path))
    return result


def _found(root: Path, left_out: frozenset[str]) -> Iterator[TreeFile]:
    walk = _Walk(root)
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in walk.entries(folder):
            name = safe_name(f"{folder}{entry.name}")
            is_folder = entry.is_dir(follow_symlinks=False)
            if name in (left_out & FOLDERS if is_folder else left_out - FOLDERS):
                continue
            if is_folder:
                folders.append(f"{name}/")
            else:
                yield walk.file(entry, name)


class _Walk:
    """Looks at what is in a tree."""

    def __init__(self, root: Path) -> None:
        self._root = root
        try:
            self._real = root.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise unreadable(root, OSError(str(error))) from error
        self._inside = (self._real, *_blobs(self._real))

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What lies in a folder of the tree."""
        path = self._root / folder
        try:
            with os.scandir(path) as entries:
                return list(entries)
        except OSError as error:
            raise unreadable(path, error) from error

    def file(self, entry: os.DirEntry[str], name: str) -> TreeFile:
        """The regular file that `entry` is or leads to."""
        path = Path(entry.path)
        try:
            if entry.is_symlink():
                path = self._target(path)
                status = path.stat(follow_symlinks=False)
            else:
                status = entry.stat(follow_symlinks=False)
        except OSError as error:
            raise unreadable(Path(entry.path), error) from error
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(
                f"this is {kind_of(status.st_mode)}, and no regular file", where=entry.path
            )
        return TreeFile(name=name, path=path, identity=identity(status))

    def _target(self, link: Path) -> Path:
        """Where a link leads, if that is a file inside."""
        try:
            target = link.resolve(strict=True)
        except FileNotFoundError as error:
            raise CheckpointError("this link leads nowhere", where=str(link)) from error
        except RuntimeError as error:  # how Python 3.11 reports a loop
            raise CheckpointError("this link leads to itself", where=str(link)) from error
        if not any(target.is_relative_to(folder) for folder in self._inside):
            raise UnsafeCheckpointError(
                "this link leads out of the checkpoint's folder",
                where=str(link),
                hint="Copy the folder with `cp -RL`, which puts files in place of links.",
            )
        if target.is_dir():
            raise CheckpointError(
                "this is a link to a folder", where=str(link), hint="Name the folder itself."
            )
        return target


def _blobs(root: Path) -> tuple[Path, ...]:
    """Where the files of a snapshot in the Hugging Face hub's cache lie: ``models--…/blobs``."""
    repository = root.parent.parent
    is_snapshot = root.parent.name == "snapshots" and "--" in repository.name
    return (repository / "blobs",) if is_snapshot else ()
