"""HTML and SVG as a stream of tags and text.

The standard library's ``html.parser`` takes quadratic time for markup that is never closed (Python 3.11: three minutes
for 120 KB of ``<a``), and outputs come from files that nobody checked. This reader is linear: each step consumes what
it looked at. It knows what comparison needs, which is less than what a browser needs.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum
from html import unescape

__all__ = ["Kind", "Piece", "pieces"]


class Kind(Enum):
    """What a piece of markup is."""

    START = "start"
    END = "end"
    TEXT = "text"
    RAW = "raw"
    """The text of a script or a style sheet."""


@dataclass(frozen=True)
class Piece:
    """One piece of markup.

    Attributes:
        kind: What it is.
        text: The tag's name in lower case, or the text with its entities resolved.
        attributes: Names in lower case with their values, sorted by name.
    """

    kind: Kind
    text: str
    attributes: tuple[tuple[str, str], ...] = ()


_NAME = re.compile(r"(/?)([A-Za-z][^\s/>]*+)")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+([^\s/>][^\s/>=]*+)"""
    r"""(?:\s*+=\s*+("[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+))?"""
)
_RAW = {
    "script": re.compile("</script", re.IGNORECASE),
    "style": re.compile("</style", re.IGNORECASE),
}


def pieces(markup: str) -> Iterator[Piece]:
    """The tags and texts of `markup`; comments, declarations and empty text are left out."""
    position = 0
    while position < len(markup):
        opening = markup.find("<", position)
        if opening < 0:
            opening = len(markup)
        if opening > position:
            yield Piece(Kind.TEXT, unescape(markup[position:opening]))
        if opening == len(markup):
            return
        name = _NAME.match(markup, opening + 1)
        if name is None:
            position = yield from _no_tag(markup, opening)
            continue
        tag = name.group(2).lower()
        attributes, position = _attributes(markup, name.end())
        yield Piece(Kind.END, tag) if name.group(1) else Piece(Kind.START, tag, attributes)
        if tag in _RAW and not name.group(1):
            end = _RAW[tag].search(markup, position)
            stop = end.start() if end else len(markup)
            yield Piece(Kind.RAW, markup[position:stop])
            position = stop


def _no_tag(markup: str, opening: int) -> Generator[Piece, None, int]:
    """Step over a comment or declaration; a lone ``<`` is text. Returns where reading goes on."""
    if markup.startswith("<!--", opening):
        return _after(markup, "-->", opening + 4)
    if markup[opening + 1 : opening + 2] in ("!", "?"):
        return _after(markup, ">", opening + 2)
    yield Piece(Kind.TEXT, "<")
    return opening + 1


def _after(markup: str, closing: str, position: int) -> int:
    found = markup.find(closing, position)
    return found + len(closing) if found >= 0 else len(markup)


def _attributes(markup: str, position: int) -> tuple[tuple[tuple[str, str], ...], int]:
    """The attributes of a tag, and where the tag ends."""
    found = []
    while match := _ATTRIBUTE.match(markup, position):
        value = match.group(2) or ""
        found.append(
            (
                match.group(1).lower(),
                unescape(value.strip(value[0]) if value[:1] in ('"', "'") else value),
            )
        )
        position = match.end()
    return tuple(sorted(found)), _after(markup, ">", position)
