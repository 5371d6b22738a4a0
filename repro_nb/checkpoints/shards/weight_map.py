"""Shards that an index names: ``model.safetensors.index.json`` and its like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repro_nb.checkpoints.safe_names import safe_name
from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.shards.numbered import series_of
from repro_nb.checkpoints.verdicts import Damage, Verdict

__all__ = ["problems"]

_INDEX = re.compile(r".+\.(safetensors|bin|h5|msgpack)\.index\.json", re.ASCII)
_MOST = 64 * 1024 * 1024
"""Bytes of an index: a million tensors."""


def problems(folder: Folder) -> Iterator[Damage]:
    """Shards that an index names and that are not there, and shards that are there and no index names.

    Raises:
        CheckpointError: An index cannot be read.
        UnsafeCheckpointError: An index names a shard that does not lie in the checkpoint.
    """
    named: set[str] = set()
    for index in filter(_INDEX.fullmatch, folder.own):
        shards = _shards(folder, index)
        if not shards:
            yield folder.damage(index, Verdict.UNREADABLE)
        named |= shards
    for shard in sorted(named - folder.files.keys()):
        yield folder.damage(shard, Verdict.MISSING)
    kinds = {series.kind for name in named if (series := series_of(name))}
    for name in folder.own:
        series = series_of(name)
        if series and series.kind in kinds and name not in named:
            yield folder.damage(name, Verdict.EXTRA)


def _shards(folder: Folder, index: str) -> set[str]:
    """The shards that an index names; none where it is damaged."""
    content = folder.json(index, _MOST)
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(each, str) for each in shards.values()):
        return set()
    return {safe_name(name) for name in shards.values()}
