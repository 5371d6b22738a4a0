"""What a magic shows: HTML for notebooks, and the same as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import chain
from typing import Any, List, Sequence, Tuple

from IPython.display import display

__all__ = ["Page", "Table", "page"]

# No colours of our own but translucent ones: the page must be legible on any theme's background.
_BOX = "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5"
_CELL = "font-size:inherit;text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;background:transparent"
_HEAD = f"{_CELL};border-bottom:1px solid rgba(128,128,128,.6);font-weight:600"


@dataclass(frozen=True)
class Page:
    """Something to show, in both forms; IPython picks the one that the front end can render.

    Attributes:
        text: The plain form.
        html: The rich form, already escaped.
    """

    text: str
    html: str

    def show(self) -> None:
        """Display the page below the cell, without becoming the cell's result."""
        display(self)  # type: ignore[no-untyped-call]  # IPython's function has no annotations

    def __repr__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002  IPython's signature
        printer.text(self.text)

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True)
class Table:
    """Rows of text under headers; every row has as many cells as there are headers."""

    headers: Tuple[str, ...]
    rows: Sequence[Tuple[str, ...]]

    def text(self) -> str:
        """The table in columns, for a fixed-width font."""
        lines = [self.headers, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines)]  # noqa: B905  strict= is younger than 3.9
        rule = tuple("-" * width for width in widths)
        padded = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()  # noqa: B905  likewise
            for line in [self.headers, rule, *self.rows]
        ]
        return "\n".join(padded)

    def html(self) -> str:
        """The table as HTML."""
        head = "".join(
            f'<th scope="col" style="{_HEAD}">{escape(text)}</th>' for text in self.headers
        )
        body = "".join(f"<tr>{_html_row(row)}</tr>" for row in self.rows)
        return (
            '<table style="border-collapse:collapse;margin:4px 0;font-size:inherit;color:inherit">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


def _html_row(row: Tuple[str, ...]) -> str:
    head, *cells = row
    first = f'<th scope="row" style="{_CELL};font-weight:400"><code>{escape(head)}</code></th>'
    return first + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells)


def page(*parts: object) -> Page:
    """A page of paragraphs (strings), tables and other pages, one below the other."""
    forms = [_forms(part) for part in parts if part]
    text = "\n".join(chain.from_iterable((form[0],) for form in forms))
    html = "".join(form[1] for form in forms)
    return Page(text, f'<div style="{_BOX}">{html}</div>')


def _forms(part: object) -> List[str]:
    if isinstance(part, Table):
        return [part.text(), part.html()]
    if isinstance(part, Page):
        return [part.text, part.html]
    lines = escape(str(part)).replace("\n", "<br>")
    return [str(part), f'<p style="margin:4px 0">{lines}</p>']
