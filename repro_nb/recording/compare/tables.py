"""Where in a table a piece of HTML stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from repro_nb.recording.compare.excerpt import short
from repro_nb.recording.compare.html_tokens import Kind, Piece

__all__ = ["Tables"]

_SPAN = re.compile("[1-9][0-9]{0,2}")
"""What ``colspan`` may be; browsers too stop at a thousand columns."""


@dataclass
class _Table:
    number: int
    row: int = 0
    column: int = 0
    columns: int = 0
    span: int = 1
    in_cell: bool = False
    in_header: bool = False
    header: dict[int, str] = field(default_factory=dict)
    label: str = ""


class Tables:
    """Follows the tables of a document, piece by piece.

    Attributes:
        place: Where the last piece stands, such as ``table 1, row 3 (b), column price``; empty outside of cells.
    """

    def __init__(self) -> None:
        self._open: list[_Table] = []
        self._all: list[_Table] = []

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of every table, in document order."""
        return tuple((table.row, table.columns) for table in self._all)

    @property
    def place(self) -> str:
        """Where the last piece stands."""
        if not self._open or not self._open[-1].in_cell:
            return ""
        table = self._open[-1]
        label = f" ({short(table.label, 30)})" if table.label and table.column > 1 else ""
        name = table.header.get(table.column, "") if table.row > 1 else ""
        column = f"column {table.column}" + (f" ({short(name, 30)})" if name else "")
        return f"table {table.number}, row {table.row}{label}, {column}"

    def take(self, piece: Piece) -> None:
        """Follow one piece."""
        if piece.kind is Kind.START and piece.text == "table":
            self._all.append(_Table(len(self._all) + 1))
            self._open.append(self._all[-1])
        elif self._open:
            self._inside(self._open[-1], piece)

    def _inside(self, table: _Table, piece: Piece) -> None:
        if piece.kind is Kind.TEXT:
            _note(table, piece.text)
        elif piece.kind is Kind.END and piece.text == "table":
            self._open.pop()
        elif piece.kind is Kind.START and piece.text == "tr":
            table.row, table.column, table.span = table.row + 1, 0, 1
            table.in_cell, table.label = False, ""
        elif piece.text in ("td", "th"):
            _cell(table, piece)


def _cell(table: _Table, piece: Piece) -> None:
    table.in_cell = piece.kind is Kind.START
    if table.in_cell:
        table.in_header = piece.text == "th"
        table.column += table.span
        table.span = _span(piece)
        table.columns = max(table.columns, table.column + table.span - 1)


def _span(piece: Piece) -> int:
    """Columns that a cell takes."""
    value = dict(piece.attributes).get("colspan", "")
    return int(value) if _SPAN.fullmatch(value) else 1


def _note(table: _Table, text: str) -> None:
    """Remember the text of a heading: of a column in the first row, of a row in its first column."""
    if not (table.in_cell and table.in_header):
        return
    if table.row == 1:
        table.header.setdefault(table.column, text)
    elif table.column == 1:
        table.label = text
