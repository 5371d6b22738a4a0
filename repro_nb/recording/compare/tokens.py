"""Text as a stream of numbers and of what stands between them.

White space is dropped, except for line breaks outside brackets: arrays and tensors are wrapped anew when a number in
them takes more room. Digits that are no number stay words, to be compared letter by letter: dates, times of day,
version numbers, IP addresses, UUIDs, hashes, names such as ``x1``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["Token", "blocks", "tokens"]

_BLOCK = 262_144
"""Characters read at a time; a block ends with a line."""

_REAL = r"(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_NAMED = r"(?:nan|NaN|inf|Infinity)"
_SIGN = r"(?:(?<![\w.)\]}])[+-]|(?<![\w.]))"  # a sign after an operand is an operator
_END = r"(?![^\W\d]*+\d)(?!\.\w)"  # a unit may follow (1.5ms), not the rest of a name or version
_OPAQUE = (
    r"(?<![\w.])(?:"
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUID
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d++)?)?)?"  # date, perhaps with time
    r"|\d{1,3}:\d\d(?::\d\d){0,2}(?:\.\d++)?(?!\w)"  # time of day
    r"|\d++(?:\.\d++){2,}+\w*+"  # version, IP address, dotted date
    r")"
)
_TOKEN = re.compile(
    r"[^\S\n]*+(?:(?P<newline>\n)"
    rf"|(?P<opaque>{_OPAQUE})"
    rf"|(?P<thousands>(?<![\w.,(\[{{])[+-]?[0-9]{{1,3}}(?:,[0-9]{{3}})++(?:\.[0-9]++)?+(?!\w|,\d|\.\w))"
    rf"|(?P<complex>{_SIGN}(?:{_REAL}|{_NAMED})[+-](?:{_REAL}|{_NAMED})j(?!\w))"
    rf"|(?P<number>{_SIGN}(?:{_REAL}{_END}|{_NAMED}(?!\w)))"
    r"|(?P<word>\w++)"
    r"|(?P<bracket>[\[\](){}])"
    r"|(?P<other>\S)"
    r"|(?P<end>\Z))"
)
_NUMBERS = frozenset({"thousands", "complex", "number"})


Token = tuple[str, int, bool]
"""One piece of text as written, the line it stands in (from 1), and whether it is compared by value.

A plain tuple, as there may be millions: it takes a tenth of the time of a named one to make.
"""


def tokens(
    text: str, scrub: Callable[[str], str], *, line: int = 1, depth: int = 0
) -> Iterator[Token]:
    """The tokens of `text`, one block of lines at a time.

    Args:
        text: What to read.
        scrub: Normalises a block before it is read; keeps the number of lines, but for those it hides.
        line: Number of the first line.
        depth: How many brackets are open where the text begins.
    """
    for block in blocks(text):
        for match in _TOKEN.finditer(scrub(block)):
            kind = match.lastgroup
            piece = match.group(kind) if kind else ""
            if kind == "newline":
                line += 1
                if depth > 0:
                    continue
            elif kind == "bracket":
                depth = depth + 1 if piece in "[({" else max(0, depth - 1)
            if kind != "end":
                yield piece, line, kind in _NUMBERS


def blocks(text: str) -> Iterator[str]:
    """`text` in parts that end with a line, each of about a quarter of a million characters."""
    start = 0
    while start < len(text):
        newline = text.find("\n", start + _BLOCK)
        stop = len(text) if newline < 0 else newline + 1
        yield text[start:stop]
        start = stop
