"""What a checkpoint in several files lacks, or has too much, by what it says itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from repro_nb.checkpoints.shards import distributed, numbered, orbax, weight_map
from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.tree_listing import TreeFile, list_tree
from repro_nb.checkpoints.verdicts import Damage
from repro_nb.errors import UnsafeCheckpointError

__all__ = ["index_problems"]

_MOST = 100_000
"""Files that are named; an index of a few megabytes could name a million."""

_RULES = (weight_map.problems, numbered.problems, distributed.problems, orbax.problems)


def index_problems(path: str | os.PathLike[str]) -> tuple[Damage, ...]:
    """Shards that are missing or too many: by the index of Hugging Face, the shards' numbers, torch DCP, and Orbax.

    Nothing is unpickled. The shards' contents are not looked at.

    Args:
        path: A checkpoint; a single file has no problems of this kind.

    Returns:
        Each file that is missing, extra, cut or unreadable, in the order of their names.

    Raises:
        CheckpointError: The folder cannot be listed, or what names its shards cannot be read.
        UnsafeCheckpointError: Something names a shard outside of the folder, or names shards without end.
    """
    root = Path(path)
    if not root.is_dir():
        return ()
    found: dict[str, Damage] = {}
    for damage in _problems(list_tree(root)):
        found[damage.file] = damage
        if len(found) > _MOST:
            raise UnsafeCheckpointError(
                f"lacks, or has too much, more than {_MOST:,} files by what it says itself, {min(found)!r} among them",
                where=str(root),
            )
    return tuple(found[name] for name in sorted(found))


def _problems(files: Iterable[TreeFile]) -> Iterator[Damage]:
    return (damage for folder in _folders(files) for rule in _RULES for damage in rule(folder))


def _folders(files: Iterable[TreeFile]) -> Iterator[Folder]:
    """Each folder that has files, with all that lie in it and below."""
    found: dict[str, dict[str, TreeFile]] = {}
    for file in files:
        parts = file.name.split("/")
        for depth in range(len(parts)):
            folder = "".join(f"{part}/" for part in parts[:depth])
            found.setdefault(folder, {})[file.name[len(folder) :]] = file
    for name, inside in found.items():
        yield Folder(name=name, files=inside)
