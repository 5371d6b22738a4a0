"""Two texts as rows of a side-by-side difference, of a size that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

from repro_nb.pages.readable import readable

__all__ = ["Row", "RowKind", "Span", "difference_rows"]

_MOST_LINES = 600
"""Lines of either text that are looked at, from the first difference on: matching them is quadratic."""

_LONGEST_LINE = 240
"""Characters of a line that are shown."""

_CONTEXT = 2
"""Equal lines shown around a difference."""

_TOKEN = re.compile(r"[^\W_]+(?:\.\d+)?|\s+|.", re.DOTALL)


class RowKind(StrEnum):
    """What one row shows."""

    SAME = "same"
    CHANGED = "changed"
    GAP = "gap"
    """Lines were left out here; the row's text says how many."""


@dataclass(frozen=True)
class Span:
    """A piece of a line.

    Attributes:
        text: The piece, without line end.
        changed: Whether it is what differs.
    """

    text: str
    changed: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True)
class Row:
    """One row: a line of the left text beside a line of the right one.

    Attributes:
        kind: What it shows.
        left: The left line; None where only the right has one.
        right: The right line.
    """

    kind: RowKind
    left: Line | None
    right: Line | None


def difference_rows(left: str, right: str, most: int = 40) -> tuple[Row, ...]:
    """The rows in which two texts differ, with a little context.

    Args:
        left: The expected text.
        right: The other one.
        most: How many rows to give; a last row says how many differences follow.

    Returns:
        The rows; none when the texts are equal.
    """
    if left == right:
        return ()
    ours, theirs = left.splitlines(), right.splitlines()
    skipped = _common_prefix(ours, theirs)
    start = max(0, skipped - _CONTEXT)
    ours, theirs = ours[start:], theirs[start:]
    rows = [_gap(start)] if start else []
    rows += _rows(ours[:_MOST_LINES], theirs[:_MOST_LINES])
    unseen = max(len(ours), len(theirs)) - _MOST_LINES
    if unseen > 0:
        rows.append(_gap(unseen, " not looked at"))
    return _capped(rows, most)


def _capped(rows: list[Row], most: int) -> tuple[Row, ...]:
    if len(rows) <= most:
        return tuple(rows)
    return (*rows[: most - 1], _gap(len(rows) - most + 1, " of this difference"))


def _common_prefix(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))


def _rows(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    previous_end = 0
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        if group[0][1] > previous_end:
            yield _gap(group[0][1] - previous_end)
        previous_end = group[-1][2]
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (_same(line) for line in left[i1:i2])
            else:
                yield from _changed(left[i1:i2], right[j1:j2])


def _same(line: str) -> Row:
    spans = (Span(readable(_shortened(line, 0))),)
    return Row(RowKind.SAME, spans, spans)


def _changed(left: Sequence[str], right: Sequence[str]) -> Iterator[Row]:
    for ours, theirs in zip_longest(left, right):
        if ours is None or theirs is None:
            yield Row(RowKind.CHANGED, _whole(ours), _whole(theirs))
        else:
            yield Row(RowKind.CHANGED, *_spans(ours, theirs))


def _whole(line: str | None) -> Line | None:
    return None if line is None else (Span(readable(_shortened(line, 0)), changed=True),)


def _spans(left: str, right: str) -> tuple[Line, Line]:
    first = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    ours = _TOKEN.findall(_shortened(left, first))
    theirs = _TOKEN.findall(_shortened(right, first))
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    left_spans: list[Span] = []
    right_spans: list[Span] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        changed = tag != "equal"
        if i2 > i1:
            left_spans.append(Span(readable("".join(ours[i1:i2])), changed))
        if j2 > j1:
            right_spans.append(Span(readable("".join(theirs[j1:j2])), changed))
    return tuple(left_spans), tuple(right_spans)


def _shortened(line: str, first: int) -> str:
    """The part of a long line around position `first`, with dots where something was cut."""
    if len(line) <= _LONGEST_LINE:
        return line
    start = max(0, min(first - 40, len(line) - _LONGEST_LINE))
    part = line[start : start + _LONGEST_LINE]
    return ("…" if start else "") + part + ("…" if start + _LONGEST_LINE < len(line) else "")


def _gap(count: int, what: str = "") -> Row:
    lines = "line" if count == 1 else "lines"
    spans = (Span(f"… {count} more {lines}{what} …" if what else f"… {count} equal {lines} …"),)
    return Row(RowKind.GAP, spans, spans)
