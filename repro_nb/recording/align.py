"""Which cell of one notebook is which cell of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["CellKey", "Pair", "align"]

Pair = tuple[int | None, int | None]
"""Positions of one cell in the left and the right notebook; None where it has no counterpart."""


@dataclass(frozen=True)
class CellKey:
    """What a cell is recognised by.

    Attributes:
        id: The notebook's cell id.
        source_digest: Digest of the cell's text.
    """

    id: str
    source_digest: str


def align(left: Sequence[CellKey], right: Sequence[CellKey]) -> tuple[Pair, ...]:
    """Pairs the cells of two notebooks, in document order.

    Cells with the same id belong together, provided that their order is the same on both sides. The stretches
    between such cells are paired by the digest of their text; of the rest, stretches of equal length are paired
    by position, since a cell that was edited in place is still that cell.
    """
    pairs: list[Pair] = []
    for left_part, right_part, equal in _stretches([k.id for k in left], [k.id for k in right]):
        if equal:
            pairs += zip(left_part, right_part, strict=True)
        else:
            pairs += _align_by_source(left, right, left_part, right_part)
    return tuple(pairs)


def _align_by_source(
    left: Sequence[CellKey], right: Sequence[CellKey], left_part: range, right_part: range
) -> list[Pair]:
    pairs: list[Pair] = []
    left_digests = [left[i].source_digest for i in left_part]
    right_digests = [right[i].source_digest for i in right_part]
    for some_left, some_right, equal in _stretches(left_digests, right_digests):
        ours = [left_part[i] for i in some_left]
        theirs = [right_part[i] for i in some_right]
        if equal or len(ours) == len(theirs):
            pairs += zip(ours, theirs, strict=True)
        else:
            pairs += [(i, None) for i in ours] + [(None, i) for i in theirs]
    return pairs


def _stretches(left: Sequence[str], right: Sequence[str]) -> list[tuple[range, range, bool]]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return [
        (range(i1, i2), range(j1, j2), tag == "equal")
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
    ]
