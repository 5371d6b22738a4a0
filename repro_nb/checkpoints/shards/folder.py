"""One folder of a checkpoint, as the rules about its shards see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.tree_listing import TreeFile, open_in_tree
from repro_nb.checkpoints.verdicts import Damage, Verdict
from repro_nb.errors import CheckpointError

__all__ = ["Folder"]


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of a checkpoint.

    Attributes:
        name: Relative to the checkpoint, with ``/`` at its end; empty for the checkpoint itself.
        files: The files in it and below, by their names relative to it.
    """

    name: str
    files: Mapping[str, TreeFile]

    @property
    def own(self) -> list[str]:
        """Names of the files that lie in it, not below."""
        return [name for name in self.files if "/" not in name]

    def content(self, name: str, most: int) -> bytearray:
        """The content of a file of at most `most` bytes.

        Raises:
            CheckpointError: It cannot be read, or is longer.
            FileChangedError: It was written meanwhile.
        """
        with open_in_tree(self.files[name]) as file:
            if file.size > most:
                raise CheckpointError(
                    f"has {file.size:,} bytes, more than {most:,}", where=str(file.path)
                )
            buffer = bytearray(file.size)
            file.read_at(memoryview(buffer), 0)
        return buffer

    def json(self, name: str, most: int) -> Any:
        """The JSON value in a file; None where it holds none.

        Raises:
            CheckpointError: It cannot be read, or is longer than `most` bytes.
        """
        try:
            return json.loads(self.content(name, most))
        except (ValueError, RecursionError):
            return None

    def damage(self, name: str, verdict: Verdict) -> Damage:
        """The damage of one of its files."""
        return Damage(file=f"{self.name}{name}", verdict=verdict)
