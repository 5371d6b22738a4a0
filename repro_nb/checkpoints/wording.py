"""Words that sentences about checkpoints share."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["listed", "plural", "size_text"]

_MOST = 4
_UNITS = ("KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def plural(count: int, noun: str, several: str = "") -> str:
    """A count with its noun: ``1 shard``, ``12 shards``."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def listed(names: Sequence[str], most: int = _MOST) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown


def size_text(size: int) -> str:
    """A size in bytes, legibly: ``1.5 MiB``."""
    if size < _STEP:
        return plural(size, "byte")
    power = min(int(math.log(size, _STEP)), len(_UNITS))
    return f"{size / _STEP**power:,.1f} {_UNITS[power - 1]}"
