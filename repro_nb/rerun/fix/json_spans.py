"""Where the values of a JSON text stand, so that one can be replaced and all else stays byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]

__all__ = ["Element", "Member", "Span", "elements", "members"]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Span:
    """A part of the text: from `start` up to `end`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The part."""
        return text[self.start : self.end]


@dataclass(frozen=True)
class Element(Span):
    """A value in a list."""


@dataclass(frozen=True)
class Member(Span):
    """A value in an object.

    Attributes:
        key: Its name.
        key_span: Where that stands, with its quotes.
    """

    key: str
    key_span: Span


def elements(text: str, start: int) -> list[Element]:
    """The values of the list that begins at `start`.

    Raises:
        ValueError: The text is not JSON.
    """
    return list(_elements(text, start))


def members(text: str, start: int) -> list[Member]:
    """The values of the object that begins at `start`.

    Raises:
        ValueError: The text is not JSON.
    """
    return list(_members(text, start))


def _elements(text: str, start: int) -> Iterator[Element]:
    at = _skip(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield Element(at, end)
        at = _skip(text, _skip_comma(text, end))


def _members(text: str, start: int) -> Iterator[Member]:
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, key_end = scanstring(text, at + 1, False)
        value = _skip(text, _skip(text, key_end) + 1)
        _, end = _DECODER.raw_decode(text, value)
        yield Member(value, end, key, Span(at, key_end))
        at = _skip(text, _skip_comma(text, end))


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _skip_comma(text: str, at: int) -> int:
    at = _skip(text, at)
    return at + 1 if text[at] == "," else at
