"""Tables and lists of facts, as every page shows them."""

from __future__ import annotations

from collections.abc import Iterable

from repro_nb.pages.elements import Child, Markup, el

__all__ = ["facts", "plain_table"]


def plain_table(caption: str, head: Iterable[str], rows: Iterable[Markup]) -> Markup:
    """A table that scrolls within the page, also by keyboard."""
    columns = [el("th", {"scope": "col"}, name) for name in head]
    table = el(
        "table",
        None,
        el("caption", None, caption),
        el("thead", None, el("tr", None, columns)),
        el("tbody", None, rows),
    )
    region = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption}
    return el("div", region, table)


def facts(pairs: Iterable[tuple[str, Child]]) -> Markup:
    """Names and values, one pair a line."""
    return el("dl", None, [(el("dt", None, name), el("dd", None, value)) for name, value in pairs])
