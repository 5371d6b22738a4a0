"""One output that differs, in HTML: side by side as text or as pictures."""

from __future__ import annotations

from repro_nb.pages.elements import Child, Markup, el, picture
from repro_nb.recording.outcome import OutputComparison
from repro_nb.rerun.report.difference import Line, Row, RowKind, difference_rows

__all__ = ["output_section"]


def output_section(output: OutputComparison, left: str, right: str) -> Markup:
    """How the two sides of an output differ: the reason, then both sides."""
    reason = f": {output.reason}" if output.reason else ""
    return el(
        "div",
        {"class": "output"},
        el(
            "p",
            None,
            el("span", {"class": "kind"}, output.kind),
            " ",
            el("strong", {"class": output.outcome.value}, output.outcome.value),
            reason,
        ),
        _pictures(output, left, right),
        _side_by_side(output, left, right),
    )


def _pictures(output: OutputComparison, left: str, right: str) -> Markup | None:
    sides = (
        (left, output.expected_image),
        (right, output.actual_image),
        ("where they differ", output.difference_image),
    )
    figures = [
        el("figure", None, picture(data, f"{output.kind}, {name}"), el("figcaption", None, name))
        for name, data in sides
        if data
    ]
    return el("div", {"class": "pictures"}, figures) if figures else None


def _side_by_side(output: OutputComparison, left: str, right: str) -> Markup | None:
    rows = difference_rows(output.expected, output.actual, most=80)
    if not rows:
        return None
    head = el("tr", None, el("th", {"scope": "col"}, left), el("th", {"scope": "col"}, right))
    label = f"{output.kind}: {left} beside {right}"
    return el(
        "div",
        {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": label},
        el("table", {"class": "diff"}, el("thead", None, head), el("tbody", None, map(_row, rows))),
    )


def _row(row: Row) -> Markup:
    if row.kind is RowKind.GAP:
        return el("tr", {"class": "gap"}, el("td", {"colspan": "2"}, _line(row.left, "")))
    if row.kind is RowKind.SAME:
        return el(
            "tr", None, el("td", None, _line(row.left, "")), el("td", None, _line(row.right, ""))
        )
    return el("tr", {"class": "changed"}, _side(row.left, "del"), _side(row.right, "ins"))


def _side(line: Line | None, tag: str) -> Markup:
    return el("td", {"class": "absent" if line is None else tag}, _line(line, tag))


def _line(line: Line | None, tag: str) -> Child:
    if line is None:
        return None
    return [el(tag, None, span.text) if span.changed and tag else span.text for span in line]
