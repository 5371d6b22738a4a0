"""Names and lines as a magic lists them: those of one container together, and no more than fit."""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Optional, Tuple

__all__ = ["listed", "shortened"]

_ITEM = re.compile(r"(?P<before>.+)\[(?P<key>[^\[\]]+)\](?P<after>[^\[\]]*)")
_SEVERAL = 3
_Group = Dict[Tuple[str, str], List[str]]


def listed(names: Iterable[str], most: Optional[int]) -> str:
    """Names in one line, such as ``python, rngs[0…59] (60) and 12 more``.

    Args:
        names: The names; items of one container, where there are three or more, count as one.
        most: How many to list; None for all.
    """
    entries = [entry for members in _containers(names).values() for entry in _entries(members)]
    more = sum(count for _, count in entries[most:]) if most is not None else 0
    return ", ".join(text for text, _ in entries[:most]) + (f" and {more:,} more" if more else "")


def shortened(lines: List[str], most: Optional[int], rest: str) -> List[str]:
    """The first `most` lines, None for all, and where there are others how many, and how to see the `rest`."""
    if most is None or len(lines) <= most:
        return lines
    return [*lines[:most], f"and {len(lines) - most:,} more: {rest}"]


def _containers(names: Iterable[str]) -> _Group:
    """Names by what is before and after the last key in them; a name without one is by itself."""
    groups: _Group = {}
    for name in names:
        item = _ITEM.fullmatch(name)
        place = (item["before"] + "[", "]" + item["after"]) if item is not None else (name, "")
        groups.setdefault(place, []).append(name)
    return groups


def _entries(names: List[str]) -> List[Tuple[str, int]]:
    """How the names of one container are listed, and how many each entry stands for."""
    items = [item for item in map(_ITEM.fullmatch, names) if item is not None]
    if len(items) < _SEVERAL:
        return [(name, 1) for name in names]
    keys = [item["key"] for item in items]
    if all(map(str.isdecimal, keys)):
        keys.sort(key=int)
    text = f"{items[0]['before']}[{keys[0]}…{keys[-1]}]{items[0]['after']} ({len(names)})"
    return [(text, len(names))]
