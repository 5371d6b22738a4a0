"""The part of two long texts that a reader needs: what surrounds their first difference."""

from __future__ import annotations

__all__ = ["LIMIT", "common_prefix", "common_suffix", "excerpts", "short"]

LIMIT = 65_536
"""Longest excerpt, in characters."""

_STEP = 65_536


def excerpts(expected: str, actual: str) -> tuple[str, str]:
    """Both texts, each cut to at most `LIMIT` characters around where they first differ."""
    if len(expected) <= LIMIT and len(actual) <= LIMIT:
        return expected, actual
    start = max(0, common_prefix(expected, actual) - LIMIT // 4)
    return _window(expected, start), _window(actual, start)


def short(text: str, limit: int = 60) -> str:
    """`text` on one line, for a reason; at most `limit` characters."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def common_prefix(left: str, right: str) -> int:
    """How many leading characters two texts share. Linear, and without copies of the whole."""
    end = min(len(left), len(right))
    start = 0
    while start < end and left[start : start + _STEP] == right[start : start + _STEP]:
        start += _STEP
    start, stop = min(start, end), min(start + _STEP, end)
    while start < stop:
        middle = (start + stop + 1) // 2
        if left[start:middle] == right[start:middle]:
            start = middle
        else:
            stop = middle - 1
    return start


def common_suffix(left: str, right: str, limit: int) -> int:
    """How many trailing characters two texts share, at most `limit`, in whole steps of 64 Ki characters."""
    size = 0
    while size + _STEP <= limit and _step(left, size) == _step(right, size):
        size += _STEP
    return size


def _step(text: str, size: int) -> str:
    stop = len(text) - size
    return text[stop - _STEP : stop]


def _window(text: str, start: int) -> str:
    start = _line_start(text, start)
    stop = start + LIMIT
    head = f"… {_lines(text, 0, start)} before\n" if start else ""
    tail = f"\n… {_lines(text, stop, len(text))} more" if stop < len(text) else ""
    return head + text[start:stop] + tail


def _line_start(text: str, position: int) -> int:
    """Where the line at `position` begins, unless that is too far back to matter."""
    newline = text.rfind("\n", max(0, position - LIMIT // 4), position)
    return newline + 1 if newline >= 0 else min(position, len(text))


def _lines(text: str, start: int, stop: int) -> str:
    count = text.count("\n", start, stop)
    return f"{count} lines" if count else f"{stop - start} characters"
