"""Which output belongs to which, when one side has more than the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from repro_nb.recording.compare.plain import as_json
from repro_nb.recording.compare.slots import Slot

__all__ = ["Pair", "align"]

Pair = tuple[Slot | None, Slot | None]

_MOST_CELLS = 1_000_000
"""Largest table of scores; longer lists of displays are paired by position."""
_SAME_KIND = 1
_SAME = 3
"""Equal displays are paired even when that leaves two others alone."""


def align(expected: Sequence[Slot], actual: Sequence[Slot]) -> list[Pair]:
    """Pair the slots of two cells; None stands for what is missing or extra.

    Streams are paired by name, errors and displays among themselves. Equal numbers are paired in order. Else one
    missing display must not shift all that follow, so the pairing is the longest common subsequence, by mime types
    and content.
    """
    pairs: list[Pair] = []
    for kind in dict.fromkeys(slot.kind for slot in (*expected, *actual)):
        left = [slot for slot in expected if slot.kind == kind]
        right = [slot for slot in actual if slot.kind == kind]
        if len(left) == len(right) or len(left) * len(right) > _MOST_CELLS:
            pairs += zip_longest(left, right)
        else:
            pairs += _common_subsequence(left, right)
    return _in_order(pairs)


def _in_order(pairs: list[Pair]) -> list[Pair]:
    """The pairs in the order of the expected side, each extra slot where the other side shows it."""
    reach = -1
    keyed: list[tuple[tuple[int, int], Pair]] = []
    for expected, actual in sorted(pairs, key=_expected_position):
        if expected is not None and actual is not None:
            reach = max(reach, actual.position)
        place = reach if expected is not None or actual is None else actual.position
        keyed.append(((place, expected is None), (expected, actual)))
    return [pair for _, pair in sorted(keyed, key=lambda item: item[0])]


def _expected_position(pair: Pair) -> float:
    return pair[0].position if pair[0] is not None else float("inf")


def _common_subsequence(left: list[Slot], right: list[Slot]) -> list[Pair]:
    scores = _scores([_keys(slot) for slot in left], [_keys(slot) for slot in right])
    pairs: list[Pair] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if scores[i][j] == scores[i + 1][j]:
            pairs.append((left[i], None))
            i += 1
        elif scores[i][j] == scores[i][j + 1]:
            pairs.append((None, right[j]))
            j += 1
        else:
            pairs.append((left[i], right[j]))
            i, j = i + 1, j + 1
    return [*pairs, *((slot, None) for slot in left[i:]), *((None, slot) for slot in right[j:])]


_Keys = tuple[frozenset[str], int]


def _keys(slot: Slot) -> _Keys:
    return frozenset(slot.data), hash(as_json(slot.data))


def _scores(left: list[_Keys], right: list[_Keys]) -> list[list[int]]:
    """``scores[i][j]``: the best that ``left[i:]`` and ``right[j:]`` can reach."""
    scores = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            matched = scores[i + 1][j + 1] + _score(left[i], right[j])
            scores[i][j] = max(scores[i + 1][j], scores[i][j + 1], matched)
    return scores


def _score(left: _Keys, right: _Keys) -> int:
    if left == right:
        return _SAME
    return _SAME_KIND if left[0] == right[0] else 0
