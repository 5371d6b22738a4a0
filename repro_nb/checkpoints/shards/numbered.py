"""Shards that are numbered: ``model-00002-of-00005.safetensors`` tells that there are four others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from repro_nb.checkpoints.shards.folder import Folder
from repro_nb.checkpoints.verdicts import Damage, Verdict

__all__ = ["Series", "problems", "series_of"]

_NAME = re.compile(
    r"(.+)-(\d{5})-of-(\d{5})(\.(?:safetensors|bin|pt|pth|gguf|h5|msgpack))", re.ASCII
)
_NAMED_EACH = 20
"""Missing shards in a row that are named one by one."""


class Series(NamedTuple):
    """What a shard's name tells.

    Attributes:
        kind: What comes before and after the numbers.
        number: Which one it is.
        total: How many there are.
    """

    kind: tuple[str, str]
    number: int
    total: int

    def name(self, number: int) -> str:
        """The name of another shard."""
        start, end = self.kind
        return f"{start}-{number:05d}-of-{self.total:05d}{end}"


def series_of(name: str) -> Series | None:
    """What the name of a shard tells; None for another file."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    start, number, total, end = match.groups()
    return Series(kind=(start, end), number=int(number), total=int(total))


def problems(folder: Folder) -> Iterator[Damage]:
    """The numbers that are missing; they begin with 1, or with 0 where that one is there."""
    found: dict[tuple[tuple[str, str], int], list[Series]] = {}
    for name in folder.own:
        series = series_of(name)
        if series:
            found.setdefault((series.kind, series.total), []).append(series)
    for shards in found.values():
        for name in _missing(shards):
            yield folder.damage(name, Verdict.MISSING)


def _missing(shards: list[Series]) -> Iterator[str]:
    """Names of the shards of a series that are not there; many in a row are named by the first and the last of them.

    A single empty file can say that there are 99,999.
    """
    present = sorted({each.number for each in shards})
    first = min(present[0], 1)
    for before, after in pairwise([first - 1, *present, first + shards[0].total]):
        gap = range(before + 1, after)
        names = (shards[0].name(number) for number in gap)
        if len(gap) <= _NAMED_EACH:
            yield from names
        else:
            yield f"{shards[0].name(gap[0])} to {shards[0].name(gap[-1])}"
