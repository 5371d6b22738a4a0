"""Whether files were touched, told by the file system without reading them: for ``trust_mtime`` alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from repro_nb.checkpoints.opened_file import Identity, identity
from repro_nb.checkpoints.tree_listing import list_tree
from repro_nb.errors import CheckpointError

__all__ = ["Touch", "touch_of"]


class Touch:
    """What the file system says of a checkpoint's files.

    Args:
        rows: Name and identity of each file.

    Attributes:
        digest: Over name, device, inode, size, and times of modification and change (ns) of each file.
        modified: When the last of them was written, in seconds since 1970.
    """

    def __init__(self, rows: list[tuple[str, Identity]]) -> None:
        text = json.dumps(sorted((name, *row) for name, row in rows))
        self.digest = hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()
        self.modified = max(row.mtime_ns for _, row in rows) / 1e9


def touch_of(path: Path) -> Touch:
    """What the file system says of the checkpoint at `path` now.

    Who can set the system's clock, or write to the raw device, can keep it the same and change the bytes.

    Raises:
        OSError: It cannot be looked at.
        CheckpointError: A file in it cannot be hashed, or there is none.
    """
    if path.is_dir():
        files = list_tree(path)
        if not files:
            raise CheckpointError("there is no file in this folder", where=str(path))
        return Touch([(file.name, file.identity) for file in files])
    return Touch([("", identity(path.stat()))])
