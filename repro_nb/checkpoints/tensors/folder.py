"""A folder of shards: which files are the checkpoint, and which tensors each must hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.tensors.limits import MOST_HEADER
from repro_nb.checkpoints.tensors.sources import read
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["Part", "folder_parts"]

_INDEX = ".index.json"
_TORCH_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
_FOREIGN = {
    ".metadata": "is a checkpoint of torch.distributed",
    "_CHECKPOINT_METADATA": "is a checkpoint of Orbax",
    "manifest.ocdbt": "is a checkpoint of Orbax",
    "saved_model.pb": "is a SavedModel of TensorFlow",
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of a sharded checkpoint.

    Attributes:
        path: The file.
        name: Its name within the folder.
        tensors: Names of the tensors that it must hold; None where nothing says so.
    """

    path: Path
    name: str
    tensors: frozenset[str] | None = None


def folder_parts(folder: Path) -> list[Part]:
    """The files of the checkpoint in `folder`: those that its index names, or else those of one format.

    Raises:
        CheckpointError: A shard is missing, or it is not clear which files are meant.
        UnsafeCheckpointError: An index leads out of the folder.
    """
    names = sorted(each.name for each in folder.iterdir() if not each.is_dir())
    for name, what in _FOREIGN.items():
        if name in names:
            raise CheckpointError(
                f"{what}, which is hashed as files, but not read tensor by tensor",
                where=str(folder),
            )
    indexes = [name for name in names if name.endswith(_INDEX)]
    if len(indexes) > 1:
        raise CheckpointError(_unclear(indexes), where=str(folder))
    if indexes:
        return _indexed(folder, indexes[0], frozenset(names))
    return [Part(path=folder / name, name=name) for name in _of_one_format(folder, names)]


def _of_one_format(folder: Path, names: list[str]) -> list[str]:
    found = {
        "safetensors": [name for name in names if name.endswith(".safetensors")],
        "torch": [name for name in names if name.endswith(_TORCH_SUFFIXES)],
        "npz": [name for name in names if name.endswith(".npz")],
        "npy": [name for name in names if name.endswith(".npy")],
    }
    kinds = [files for files in found.values() if files]
    if not kinds:
        raise CheckpointError("holds no tensors", where=str(folder))
    if len(kinds) > 1:
        raise CheckpointError(_unclear([files[0] for files in kinds]), where=str(folder))
    return kinds[0]


def _unclear(names: list[str]) -> str:
    return f"holds several checkpoints: {', '.join(names)}; name the file that is meant"


def _indexed(folder: Path, index: str, names: frozenset[str]) -> list[Part]:
    where = str(folder / index)
    shards: dict[str, set[str]] = {}
    for tensor, shard in _weight_map(folder / index).items():
        if not isinstance(shard, str) or shard in ("", ".", "..") or "/" in shard or "\\" in shard:
            raise UnsafeCheckpointError(f"names the shard {str(shard)[:80]!r}", where=where)
        shards.setdefault(shard, set()).add(tensor)
    for shard in sorted(shards):
        if shard not in names:
            raise CheckpointError(f"the shard {shown(shard)} is missing", where=where)
    return [
        Part(path=folder / shard, name=shard, tensors=frozenset(shards[shard]))
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
