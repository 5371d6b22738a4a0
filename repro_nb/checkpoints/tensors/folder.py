"""A folder of tensors: which files hold them, which tensors each must hold, and how they are called together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.tensors.limits import MOST_HEADER
from repro_nb.checkpoints.tensors.signatures import is_tensor_file
from repro_nb.checkpoints.tensors.sources import read
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.checkpoints.tree_listing import list_tree
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["Folder", "Part", "folder_parts"]

_INDEX = ".index.json"
_TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
_SHARD = re.compile(r"-\d+-of-\d+$")
_FOREIGN = {
    ".metadata": "is a checkpoint of torch.distributed",
    "_CHECKPOINT_METADATA": "is a checkpoint of Orbax",
    "manifest.ocdbt": "is a checkpoint of Orbax",
    "saved_model.pb": "is a SavedModel of TensorFlow",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a checkpoint in several files.

    Attributes:
        path: The file.
        name: Its name within the folder, with ``/``.
        tensors: Names of the tensors that it must hold; None where nothing says so.
        prefix: What the names of its entries begin with; empty, or ending in ``/``.
    """

    path: Path
    name: str
    tensors: frozenset[str] | None = None
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A checkpoint in several files.

    Attributes:
        parts: The files that hold tensors.
        left_out: Names of the files that hold none, such as settings.
    """

    parts: Sequence[Part]
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Files that are one checkpoint together.

    Attributes:
        folder: The folder that they lie in, relative to the whole; empty for itself.
        stem: What tells the group from others in its folder.
        parts: The files.
    """

    folder: str
    stem: str
    parts: Sequence[Part]


def folder_parts(folder: Path) -> Folder:
    """The files below `folder`, by whether they hold tensors.

    One checkpoint (an index and its shards, or files of one format) keeps its own names. Of several, such as model and
    optimizer, each begins its names with its folder, and with its file's name where it is not alone there.

    Raises:
        CheckpointError: There is none, a shard is missing, or a file is of a kind that is not read.
        UnsafeCheckpointError: An index leads out of its folder, or a link out of `folder`.
    """
    names = [file.name for file in list_tree(folder)]
    _check_known(folder, names)
    by_folder: dict[str, list[str]] = {}
    for name in names:
        by_folder.setdefault(name.rpartition("/")[0], []).append(name)
    groups = [
        group for here, files in sorted(by_folder.items()) for group in _groups(folder, here, files)
    ]
    if not groups:
        raise CheckpointError("holds no tensors", where=str(folder))
    parts = [part for group in groups for part in _prefixed(group, groups)]
    holding = {part.name for part in parts}
    left_out = tuple(name for name in names if name not in holding and not name.endswith(_INDEX))
    return Folder(parts=parts, left_out=left_out)


def _check_known(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        what = _FOREIGN.get(name.rpartition("/")[2])
        if what is not None:
            raise CheckpointError(
                f"{what}, which is hashed as files, but not read tensor by tensor",
                where=str((folder / name).parent),
            )


def _prefixed(group: _Group, groups: Sequence[_Group]) -> Iterator[Part]:
    if len(groups) == 1:
        return iter(group.parts)
    neighbours = [each for each in groups if each.folder == group.folder]
    alike = [each for each in neighbours if each.stem == group.stem]
    own = PurePosixPath(group.parts[0].name).name if len(alike) > 1 else group.stem
    words = (group.folder, own if len(neighbours) > 1 else "")
    prefix = "".join(f"{word}/" for word in words if word)
    return (replace(part, prefix=prefix) for part in group.parts)


def _groups(root: Path, here: str, names: Sequence[str]) -> Iterator[_Group]:
    """The checkpoints that lie in one folder, its subfolders left out."""
    taken: set[str] = set()
    for index in (name for name in names if name.endswith(_INDEX)):
        parts = _indexed(root, index, frozenset(names))
        taken.update([index, *(part.name for part in parts)])
        yield _Group(folder=here, stem=_stem(index.removesuffix(_INDEX)), parts=parts)
    files = [name for name in names if name not in taken and is_tensor_file(root / name)]
    of_one_format = not taken and len({_kind(name) for name in files}) == 1
    by_stem: dict[str, list[Part]] = {}
    for name in files:
        stem = "" if of_one_format else _stem(name) + PurePosixPath(name).suffix
        by_stem.setdefault(stem, []).append(Part(path=root / name, name=name))
    for stem, found in by_stem.items():
        yield _Group(folder=here, stem=stem and _stem(stem), parts=found)


def _stem(name: str) -> str:
    """What a file is called without its suffix and the number of a shard."""
    return _SHARD.sub("", PurePosixPath(name).stem)


def _kind(name: str) -> str:
    suffix = PurePosixPath(name).suffix
    return "torch" if suffix in _TORCH_SUFFIXES else suffix


def _indexed(root: Path, index: str, names: frozenset[str]) -> list[Part]:
    where = str(root / index)
    shards: dict[str, set[str]] = {}
    for tensor, shard in _weight_map(root / index).items():
        if not isinstance(shard, str) or shard in ("", ".", "..") or "/" in shard or "\\" in shard:
            raise UnsafeCheckpointError(f"names the shard {str(shard)[:80]!r}", where=where)
        shards.setdefault(str(PurePosixPath(index).with_name(shard)), set()).add(tensor)
    for shard in sorted(shards):
        if shard not in names:
            missing = PurePosixPath(shard).name
            raise CheckpointError(f"the shard {shown(missing)} is missing", where=where)
    return [
        Part(path=root / shard, name=shard, tensors=frozenset(shards[shard]))
        for shard in sorted(shards)
    ]


def _weight_map(path: Path) -> Mapping[str, Any]:
    with open_regular(path) as file:
        if file.size > MOST_HEADER:
            raise UnsafeCheckpointError(f"an index of {file.size:,} bytes", where=str(path))
        text = read(file, 0, file.size)
    try:
        found = json.loads(text.decode())["weight_map"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise CheckpointError("the index of shards is damaged", where=str(path)) from error
    if not isinstance(found, dict) or not found:
        raise CheckpointError("the index of shards has no table of tensors", where=str(path))
    return found
