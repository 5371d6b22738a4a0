"""A difference between two examined notebooks, as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.pages.elements import Markup, el, join, prose
from repro_nb.pages.page import page
from repro_nb.pages.tables import facts, plain_table
from repro_nb.recording.diff import CellDiff, NotebookDiff
from repro_nb.rerun.report.diff_wording import (
    diff_verdict,
    environment_rows,
    notable,
    place,
    remarks,
)
from repro_nb.rerun.report.webpage_difference import output_section

__all__ = ["html"]


def html(diffs: Sequence[NotebookDiff]) -> str:
    """The report on one difference, or on those of two folders, as a whole HTML document."""
    agreeing = sum(diff.agrees for diff in diffs)
    subtitle = f"{agreeing} of {len(diffs)} notebooks agree" if len(diffs) != 1 else "A beside B"
    return page("Reproducibility difference", subtitle, *map(_card, diffs))


def _card(diff: NotebookDiff) -> Markup:
    tone = "good" if diff.agrees else "bad"
    heading = (
        el("h2", None, diff.name),
        el("span", {"class": f"pill {tone}"}, "results agree" if diff.agrees else "results differ"),
    )
    sides = facts([("A", diff.left or "—"), ("B", diff.right or "—")])
    return el(
        "article",
        {"class": "card"},
        el("div", {"class": "heading"}, heading),
        el("p", {"class": f"verdict {tone}"}, diff_verdict(diff)),
        sides,
        _first(diff.first),
        _cells(diff),
        _environment(diff),
    )


def _first(cell: CellDiff | None) -> Markup | None:
    if cell is None:
        return None
    outputs = cell.comparison.outputs if cell.comparison else ()
    return el(
        "section",
        None,
        el("h3", None, f"First difference: {place(cell)}"),
        el("pre", {"class": "code", "tabindex": "0"}, cell.source.strip("\n"))
        if cell.source
        else None,
        [output_section(output, "A", "B") for output in outputs if not output.outcome.agrees],
    )


def _cells(diff: NotebookDiff) -> Markup | None:
    rows = [_cell_row(cell) for cell in notable(diff)]
    if not rows:
        return None
    return join(
        [el("h3", None, "Cells"), plain_table("Cells", ("Cell", "Results", "Remarks"), rows)]
    )


def _cell_row(cell: CellDiff) -> Markup:
    outcome = cell.outcome.value if cell.outcome else "—"
    said = [el("div", None, prose(remark)) for remark in remarks(cell)]
    return el(
        "tr",
        None,
        el("th", {"scope": "row"}, place(cell)),
        el("td", {"class": outcome}, outcome),
        el("td", None, said),
    )


def _environment(diff: NotebookDiff) -> Markup | None:
    rows = [
        el("tr", None, [el("td", None, value) for value in row]) for row in environment_rows(diff)
    ]
    if not rows:
        return None
    head = ("Environment", "", "A", "B")
    return join([el("h3", None, "Environment"), plain_table("Environment", head, rows)])
