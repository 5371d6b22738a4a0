"""A copy of a project that costs little: large files are linked, and paths that lead out of it stay true."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

__all__ = ["LinkedFile", "mirror_project"]

# Below this a copy is cheaper than the risk of a link that the notebook writes through.
_LARGE_FILE = 16 * 2**20
# Folders that a notebook does not write to, and that may be huge.
_LINKED_FOLDERS = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", ".tox", ".nox", ".dvc"}
)


@dataclass(frozen=True)
class LinkedFile:
    """An original that a run can reach by link, as it was before.

    Attributes:
        path: The original.
        size: Its size in bytes.
        mtime_ns: Its time of last change, in nanoseconds.
    """

    path: Path
    size: int
    mtime_ns: int

    def changed(self) -> bool:
        """Whether the original is another now, or gone."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.mtime_ns)


def mirror_project(project: Path, root: Path) -> tuple[Path, tuple[LinkedFile, ...]]:
    """Copy `project` below `root`, with links for what is large.

    The folders above the project are mirrored too, each entry beside the path as a link, so that a notebook which
    reads ``../shared/data.csv`` finds it.

    Returns:
        The folder that stands for the project, and the files that were linked.
    """
    place = root
    place.mkdir(parents=True)
    for ancestor, child in _steps(project):
        _link_siblings(ancestor, child, place)
        place = place / child.name
        place.mkdir()
    return place, tuple(_copy_tree(project, place))


def _steps(project: Path) -> Iterator[tuple[Path, Path]]:
    """Each folder on the way down to `project`, with the next one."""
    way = [*reversed(project.parents), project]
    yield from pairwise(way)


def _link_siblings(ancestor: Path, child: Path, place: Path) -> None:
    try:
        entries = list(os.scandir(ancestor))
    except OSError:
        return  # a folder one may pass through but not list: nothing in it can be reached by name either way
    for entry in entries:
        if entry.name != child.name:
            (place / entry.name).symlink_to(entry.path)


def _copy_tree(source: Path, target: Path) -> Iterator[LinkedFile]:
    for entry in os.scandir(source):
        copy = target / entry.name
        if entry.is_symlink():
            # A relative link stays relative: what surrounds the copy mirrors what surrounds the original.
            copy.symlink_to(Path(entry.path).readlink())
        elif entry.is_dir():
            if entry.name in _LINKED_FOLDERS or (Path(entry.path) / "pyvenv.cfg").exists():
                copy.symlink_to(entry.path)
                continue
            copy.mkdir()
            yield from _copy_tree(Path(entry.path), copy)
        elif entry.is_file():
            facts = entry.stat()
            if facts.st_size >= _LARGE_FILE:
                copy.symlink_to(entry.path)
                yield LinkedFile(Path(entry.path), facts.st_size, facts.st_mtime_ns)
            elif os.access(entry.path, os.R_OK):
                shutil.copy2(entry.path, copy)
