"""Cells of tables that hold what may be long: they are never narrow, and break it wherever they must."""

from __future__ import annotations

from repro_nb.pages.elements import Markup, el
from repro_nb.pages.one_line import unbroken

__all__ = ["name_cell", "sentence_cell"]

_LONG = {"class": "why"}


def name_cell(shown: str) -> Markup:
    """The cell that names its row; the name as it is shown."""
    return el("td", {**_LONG, "role": "rowheader"}, el("p", None, shown))


def sentence_cell(sentence: str, label: str = "") -> Markup:
    """A cell of words.

    Args:
        sentence: The words.
        label: Name of the column, for a table whose rows are stacked on a narrow screen.
    """
    labelled = {"data-label": label} if label else {}
    return el("td", {**_LONG, **labelled}, el("p", None, unbroken(sentence)))
