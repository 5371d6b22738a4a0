"""Checkpoints of Orbax: what its metadata says must be there.

In the usual form (OCDBT) arrays lie in a database, whose manifest and nodes say in their heads how long they are. Which
data files the nodes need is packed in them: of these it is only known that some must be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.tree_listing import open_in_tree
from repro_nb.checkpoints.verdicts import Damage, Verdict

__all__ = ["problems"]

_METADATA = "_METADATA"
_MANIFEST = "manifest.ocdbt"
_HEADS = (bytes.fromhex("0cdb3a2a"), bytes.fromhex("0cdb20de"))
"""How manifests and nodes begin; the length of the file follows in 8 bytes, little-endian."""

_HEAD = 12
_MOST = 64 * 1024 * 1024
_ZARR = (".zarray", "zarr.json")


def problems(folder: Folder) -> Iterator[Damage]:
    """Files that are missing, or shorter than they say.

    Raises:
        CheckpointError: A file cannot be read.
    """
    if _MANIFEST in folder.own:
        yield from _cut(folder)
    if _METADATA not in folder.own:
        return
    metadata = folder.json(_METADATA, _MOST)
    if not isinstance(metadata, dict):
        yield folder.damage(_METADATA, Verdict.UNREADABLE)
    elif metadata.get("use_ocdbt", True):
        yield from _without_database(folder)
    else:
        yield from _without_arrays(folder, metadata.get("tree_metadata"))


def _cut(folder: Folder) -> Iterator[Damage]:
    """Parts of the database that are not as long as their heads say."""
    for name, file in folder.files.items():
        if file.size < _HEAD or not (name.endswith(_MANIFEST) or "d/" in name):
            continue
        with open_in_tree(file) as opened:
            head = bytearray(_HEAD)
            opened.read_at(memoryview(head), 0)
        if head.startswith(_HEADS) and int.from_bytes(head[4:], "little") != file.size:
            yield folder.damage(name, Verdict.MISMATCH)


def _without_database(folder: Folder) -> Iterator[Damage]:
    if _MANIFEST not in folder.own:
        yield folder.damage(_MANIFEST, Verdict.MISSING)
    if not any(name.startswith("d/") for name in folder.files):
        yield folder.damage("d", Verdict.MISSING)
    for process in sorted({name.partition("/")[0] for name in folder.files if "/" in name}):
        manifest = f"{process}/{_MANIFEST}"
        if process.startswith("ocdbt.process_") and manifest not in folder.files:
            yield folder.damage(manifest, Verdict.MISSING)


def _without_arrays(folder: Folder, tree: Any) -> Iterator[Damage]:
    """Arrays whose own folders are not there."""
    for entry in tree.values() if isinstance(tree, dict) else ():
        try:
            name = ".".join(str(each["key"]) for each in entry["key_metadata"])
            is_array = "Array" in entry["value_metadata"]["value_type"]
        except (KeyError, TypeError):
            continue
        if is_array and not any(f"{name}/{part}" in folder.files for part in _ZARR):
            yield folder.damage(name, Verdict.MISSING)
