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
# What one run copies at most, in bytes; what is beyond it is linked.
_MAX_COPIED = 512 * 2**20
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
    return place, _Copying(project, place).run()


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


class _Copying:
    """One project on its way into its copy."""

    def __init__(self, project: Path, place: Path) -> None:
        self._project = project
        self._place = place
        self._left = _MAX_COPIED
        self._linked: list[LinkedFile] = []

    def run(self) -> tuple[LinkedFile, ...]:
        """Copy everything; gives the files that were linked instead."""
        self._folder(self._project, self._place)
        return tuple(self._linked)

    def _folder(self, source: Path, target: Path) -> None:
        for entry in os.scandir(source):
            original, copy = Path(entry.path), target / entry.name
            if entry.is_symlink():
                copy.symlink_to(self._link_target(original))
            elif entry.is_file():
                self._file(original, copy, entry.stat())
            elif entry.is_dir():
                if entry.name in _LINKED_FOLDERS or (original / "pyvenv.cfg").exists():
                    copy.symlink_to(original)
                else:
                    copy.mkdir()
                    self._folder(original, copy)

    def _file(self, original: Path, copy: Path, facts: os.stat_result) -> None:
        if facts.st_size >= _LARGE_FILE or facts.st_size > self._left:
            copy.symlink_to(original)
            self._linked.append(LinkedFile(original, facts.st_size, facts.st_mtime_ns))
        elif os.access(original, os.R_OK):
            shutil.copy2(original, copy)
            self._left -= facts.st_size

    def _link_target(self, link: Path) -> Path:
        """Where the copy of a link leads: into the copy where the original leads into the project."""
        target = link.readlink()
        # A relative link stays: what surrounds the copy mirrors what surrounds the original.
        if target.is_absolute() and target.is_relative_to(self._project):
            return self._place / target.relative_to(self._project)
        return target
