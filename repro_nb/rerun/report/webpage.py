"""The report as one self-contained page: no script, no outside resource, both colour schemes."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.pages.elements import Child, Markup, el
from repro_nb.pages.page import page
from repro_nb.rerun.report.causes import held_back_text
from repro_nb.rerun.report.failure import short_error
from repro_nb.rerun.report.webpage_parts import level_pill, notebook_card
from repro_nb.rerun.report.wording import (
    passes,
    plural,
    seconds_text,
    summary_counts,
)
from repro_nb.rerun.result import NotebookResult

__all__ = ["html"]


def html(results: Sequence[NotebookResult]) -> str:
    """The report as a whole HTML document."""
    many = len(results) != 1
    cards = [
        notebook_card(result, anchor=f"notebook-{number}", opened=not many or not passes(result))
        for number, result in enumerate(results, 1)
    ]
    return page(
        "Reproducibility report", _subtitle(results), _summary(results) if many else None, *cards
    )


def _subtitle(results: Sequence[NotebookResult]) -> str:
    seconds = sum(result.seconds for result in results)
    examined = f"examined in {seconds_text(seconds)}"
    return examined if len(results) == 1 else f"{summary_counts(results)} · {examined}"


_SUMMARY_HEAD = ("Notebook", "Level", "Outputs that agree", "Held back by", "Time")


def _summary(results: Sequence[NotebookResult]) -> Markup:
    rows = [_summary_row(number, result) for number, result in enumerate(results, 1)]
    return el(
        "section",
        {"class": "card summary"},
        el("h2", None, "Summary"),
        el(
            "div",
            {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Summary"},
            el(
                "table",
                None,
                el(
                    "thead",
                    None,
                    el("tr", None, [el("th", {"scope": "col"}, name) for name in _SUMMARY_HEAD]),
                ),
                el("tbody", None, rows),
            ),
        ),
    )


def _summary_row(number: int, result: NotebookResult) -> Markup:
    coverage = result.coverage
    agreeing = coverage.identical + coverage.equivalent
    outputs = f"{agreeing} of {plural(coverage.outputs, 'output')}" if coverage.outputs else "—"
    link = el("a", {"href": f"#notebook-{number}"}, result.notebook)
    return el(
        "tr",
        None,
        el("th", {"scope": "row"}, link),
        _labelled(1, level_pill(result)),
        _labelled(2, outputs, "number"),
        _labelled(3, short_error(result) or held_back_text(result) or "—"),
        _labelled(4, seconds_text(result.seconds), "number"),
    )


def _labelled(column: int, child: Child, kind: str = "") -> Markup:
    """A cell that can name its column where rows are stacked, on a narrow screen."""
    return el(
        "td", {"data-label": _SUMMARY_HEAD[column]} | ({"class": kind} if kind else {}), child
    )
