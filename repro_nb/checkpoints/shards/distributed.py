"""Checkpoints of ``torch.distributed.checkpoint``: ``.metadata`` names the ``.distcp`` files."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator

from repro_nb.checkpoints.safe_names import safe_name
from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.verdicts import Damage, Verdict

__all__ = ["problems"]

_METADATA = ".metadata"
_SUFFIX = ".distcp"
_MOST = 256 * 1024 * 1024
"""Bytes of ``.metadata``: a million chunks of tensors."""


def problems(folder: Folder) -> Iterator[Damage]:
    """Files that the metadata names and that are not there, files that it does not name, and metadata that is missing.

    Raises:
        CheckpointError: The metadata cannot be read.
        UnsafeCheckpointError: It names a file that does not lie in the checkpoint.
    """
    present = {name for name in folder.files if name.endswith(_SUFFIX)}
    if _METADATA not in folder.own:
        if any("/" not in name for name in present):
            yield folder.damage(_METADATA, Verdict.MISSING)
        return
    named = _named(folder.content(_METADATA, _MOST))
    if named is None:
        yield folder.damage(_METADATA, Verdict.UNREADABLE)
        return
    if not named and not present:
        return  # the metadata of something else
    for name in sorted(named - present):
        yield folder.damage(name, Verdict.MISSING)
    for name in sorted(present - named):
        yield folder.damage(name, Verdict.EXTRA)


def _named(metadata: bytes) -> set[str] | None:
    """The files that the metadata names; None where it is no pickle stream.

    The stream is split into its operations, and its texts are looked at; unpickling it would run what it says.
    """
    named: set[str] = set()
    try:
        for _, argument, _ in pickletools.genops(metadata):
            if isinstance(argument, str) and argument.endswith(_SUFFIX):
                named.add(safe_name(argument))
    except (ValueError, IndexError, OverflowError):
        return None
    return named
