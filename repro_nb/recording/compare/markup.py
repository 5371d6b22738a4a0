"""HTML and SVG: tags in order, attributes by name, tables by cell, text as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from repro_nb.recording.compare.excerpt import short
from repro_nb.recording.compare.html_tokens import Kind, Piece, pieces
from repro_nb.recording.compare.normalisers import Scope
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text
from repro_nb.recording.compare.tables import Tables
from repro_nb.recording.compare.text import compare_text
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict, different, equivalent
from repro_nb.recording.outcome import Outcome

__all__ = ["MarkupComparator"]

_VERBATIM = frozenset({"pre", "textarea"})
_METADATA = frozenset({"dc:date", "dc:title"})


class MarkupComparator:
    """HTML and SVG."""

    mime_types: tuple[str, ...] = ("text/html", "image/svg+xml")

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare by `compare_markup`."""
        return compare_markup(as_text(expected), as_text(actual), options)


def compare_markup(expected: str, actual: str, options: CompareOptions) -> Verdict:
    """Compare two documents piece by piece.

    The reason names the first place that differs: a table's row and column where there is one.
    """
    if expected == actual:
        return IDENTICAL
    left, right = _Document.read(expected), _Document.read(actual)
    shown = _readable(left, right, expected, actual)
    shape = _table_shapes(left.tables, right.tables)
    if shape:
        return different(shape, *shown)
    comparison = _Comparison(options)
    for a, b in zip_longest(left.nodes, right.nodes):
        mismatch = comparison.node(a, b)
        if mismatch:
            return different(mismatch, *shown)
    if comparison.first_difference:
        return different(comparison.summary(), *shown)
    return equivalent(comparison.tolerated or "written otherwise, and shown alike", *shown)


@dataclass(frozen=True)
class _Node:
    """A piece, with the element that holds it and its place in a table."""

    piece: Piece
    parent: str
    place: str


@dataclass(frozen=True)
class _Document:
    nodes: tuple[_Node, ...]
    tables: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, markup: str) -> _Document:
        tables, nodes = Tables(), []
        parent = ""
        for piece in _joined(pieces(markup)):
            tables.take(piece)
            nodes.append(_Node(piece, parent, tables.place))
            if piece.kind is Kind.START:
                parent = piece.text
            elif piece.kind is Kind.END:
                parent = ""
        return cls(tuple(nodes), tables.shapes)


def _joined(stream: Iterator[Piece]) -> Iterator[Piece]:
    """The stream with adjacent texts in one, white space folded as a browser does, and blank texts left out."""
    texts: list[str] = []
    verbatim = ""
    for piece in stream:
        if piece.kind is Kind.TEXT:
            texts.append(piece.text)
            continue
        yield from _text(texts, verbatim=bool(verbatim))
        texts.clear()
        if piece.kind is Kind.START and piece.text in _VERBATIM:
            verbatim = verbatim or piece.text
        elif piece.kind is Kind.END and piece.text == verbatim:
            verbatim = ""
        yield piece
    yield from _text(texts, verbatim=bool(verbatim))


def _text(texts: list[str], *, verbatim: bool) -> Iterator[Piece]:
    text = "".join(texts)
    folded = text if verbatim else " ".join(text.split())
    if folded.strip():
        yield Piece(Kind.TEXT, folded)


def _table_shapes(left: tuple[tuple[int, int], ...], right: tuple[tuple[int, int], ...]) -> str:
    if len(left) != len(right):
        return f"expected {len(left)} tables, got {len(right)}"
    for number, (a, b) in enumerate(zip(left, right, strict=True), start=1):
        if a != b:
            return f"table {number}: expected {a[0]} rows and {a[1]} columns, got {b[0]} rows and {b[1]} columns"
    return ""


class _Comparison:
    """Compares the nodes of two documents one by one, and keeps count of the texts."""

    def __init__(self, options: CompareOptions) -> None:
        self.options = options
        self.texts = 0
        self.differing = 0
        self.tolerated = ""
        self.first_difference = ""

    def node(self, left: _Node | None, right: _Node | None) -> str:
        """Compare one pair; a sentence when the documents part ways here, so that reading on makes no sense."""
        if left is None or right is None or _form(left.piece) != _form(right.piece):
            return f"{_where(left or right)}expected {_shown(left)}, got {_shown(right)}"
        if left.piece.kind is Kind.START:
            self._attributes(left, right)
        elif left.piece.kind is not Kind.END:
            self.texts += 1
            self._value(left, left.piece.text, right.piece.text, _scopes(left))
        return ""

    def summary(self) -> str:
        """How many texts differ, and the first."""
        if self.differing == 1:
            return self.first_difference
        return f"{self.first_difference} (the first of {self.differing} differences)"

    def _attributes(self, left: _Node, right: _Node) -> None:
        pairs = zip(left.piece.attributes, right.piece.attributes, strict=True)
        for (name, a), (_, b) in pairs:
            self._value(
                left, a, b, (Scope.TEXT, Scope.MARKUP), f"attribute {name} of <{left.piece.text}>, "
            )

    def _value(
        self, node: _Node, a: str, b: str, scopes: tuple[Scope, ...], prefix: str = ""
    ) -> None:
        if a == b:
            return
        verdict = compare_text(a, b, self.options, scopes=scopes)
        if verdict.outcome is Outcome.DIFFERENT:
            self.differing += 1
            found = f"expected {short(a)}, got {short(b)}"
            self.first_difference = self.first_difference or f"{_where(node)}{prefix}{found}"
        elif not self.tolerated:
            self.tolerated = f"{_where(node)}{prefix}{verdict.reason}"


def _form(piece: Piece) -> tuple[Kind, str, tuple[str, ...]]:
    """What must be the same for two pieces to be comparable: the tag and the names of its attributes."""
    if piece.kind in (Kind.TEXT, Kind.RAW):
        return piece.kind, "", ()
    return piece.kind, piece.text, tuple(name for name, _ in piece.attributes)


def _scopes(node: _Node) -> tuple[Scope, ...]:
    if node.piece.kind is Kind.RAW:
        return (Scope.TEXT, Scope.MARKUP)
    return (Scope.TEXT, Scope.METADATA) if node.parent in _METADATA else (Scope.TEXT,)


def _where(node: _Node | None) -> str:
    return f"{node.place}: " if node and node.place else ""


def _shown(node: _Node | None) -> str:
    if node is None:
        return "the end"
    piece = node.piece
    if piece.kind is Kind.START:
        return f"<{' '.join([piece.text, *(name for name, _ in piece.attributes)])}>"
    return f"</{piece.text}>" if piece.kind is Kind.END else f"the text {short(piece.text)!r}"


def _readable(left: _Document, right: _Document, expected: str, actual: str) -> tuple[str, str]:
    """Both documents as text, a table's row on one line; as source when their text does not tell them apart."""
    shown = _as_lines(left), _as_lines(right)
    if shown[0] != shown[1]:
        return shown
    return expected.replace("><", ">\n<"), actual.replace("><", ">\n<")


def _as_lines(document: _Document) -> str:
    lines: list[str] = []
    cells: list[str] = []
    for node in document.nodes:
        if node.piece.kind is Kind.END and node.piece.text in ("tr", "table") and cells:
            lines.append(" | ".join(cells))
            cells.clear()
        elif node.piece.kind is Kind.TEXT:
            (cells if node.place else lines).append(node.piece.text)
    return "\n".join([*lines, *cells])
