"""The difference of two checkpoints, as one self-contained page."""

from __future__ import annotations

from repro_nb.checkpoints.diff import CheckpointDiff, EntryDiff
from repro_nb.checkpoints.report.diff_wording import extent, figures, first, summary, verdict
from repro_nb.pages.cells import name_cell, sentence_cell
from repro_nb.pages.elements import Markup, el
from repro_nb.pages.one_line import one_line
from repro_nb.pages.page import page
from repro_nb.pages.tables import facts, plain_table

__all__ = ["html"]

_HEAD = (
    "Tensor or value",
    "What",
    "Change",
    "Elements",
    "Max abs",
    "L2",
    "Relative",
    "First, or what it was and is",
)
_WIDTH = 100


def html(diff: CheckpointDiff) -> str:
    """The report as a whole HTML document."""
    tone = "good" if diff.agrees else "bad"
    card = el(
        "article",
        {"class": "card"},
        el("p", {"class": f"verdict {tone}"}, verdict(diff)),
        facts(
            [("A", _side(diff.left, diff.left_format)), ("B", _side(diff.right, diff.right_format))]
        ),
        el(
            "div",
            {"class": "figures"},
            plain_table("Tensors and values", _HEAD, map(_row, diff.rows)),
        )
        if diff.rows
        else None,
    )
    return page("Checkpoint difference", summary(diff), card)


def _side(name: str, form: str) -> str:
    return f"{one_line(name)} ({form})"


def _row(row: EntryDiff) -> Markup:
    return el(
        "tr",
        None,
        name_cell(one_line(row.name)),
        el("td", None, row.change.value),
        el("td", None, _bar(extent(row)) if row.difference else None),
        [el("td", {"class": "number"}, figure) for figure in figures(row)],
        sentence_cell(first(row)),
    )


def _bar(share: float) -> Markup:
    """A strip that is filled as far as `share`; what is not nothing is seen."""
    filled = max(2, round(share * _WIDTH))
    shape = {"class": "different", "width": str(filled), "height": "8"}
    box = {
        "class": "strip",
        "viewBox": f"0 0 {_WIDTH} 8",
        "preserveAspectRatio": "none",
        "role": "img",
        "aria-label": f"extent of change: {share:.0%}",
    }
    return el("svg", box, el("rect", shape))
