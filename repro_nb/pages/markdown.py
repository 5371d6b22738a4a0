"""Pieces of Markdown that mean nothing but themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repro_nb.pages.readable import readable

__all__ = ["escape", "fenced", "prose", "table"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#!|~$&@])")


def escape(text: str) -> str:
    """`text` as one line of inline Markdown that means nothing but itself."""
    return _escape_piece(" ".join(text.split()))


def _escape_piece(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", readable(text))


def prose(sentence: str) -> str:
    """A sentence of ours, with what stands between back-ticks kept as code."""
    pieces = sentence.split("`")
    code = [_code(piece) if i % 2 else _escape_piece(piece) for i, piece in enumerate(pieces)]
    return "".join(code)


def _code(piece: str) -> str:
    # Two back-ticks with nothing between them would open a code span of their own.
    return f"`{readable(piece)}`" if piece else ""


def fenced(text: str, language: str = "") -> str:
    """`text` as a code block whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{readable(text)}\n{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
