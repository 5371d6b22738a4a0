"""Verified checkpoints, as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.checkpoints.examining import Examination
from repro_nb.checkpoints.report.verify_wording import (
    PLACES,
    Report,
    damage_rows,
    facts,
    headline,
    origin,
    tone,
    worst_first,
)
from repro_nb.checkpoints.verdicts import Verification
from repro_nb.pages.cells import name_cell, sentence_cell
from repro_nb.pages.elements import Markup, el
from repro_nb.pages.one_line import one_line, unbroken
from repro_nb.pages.page import page
from repro_nb.pages.tables import facts as pairs
from repro_nb.pages.tables import plain_table

__all__ = ["html"]


_HEAD = ("Checkpoint", "Verdict", "Why")


def html(*reports: Report) -> str:
    """The report on one registry, or several, as a whole HTML document."""
    told = [f"{report.folder}: {headline(report)}" for report in reports]
    found = worst_first(each for report in reports for each in report.examinations)
    numbered = list(enumerate(found, 1))
    return page(
        "Checkpoint verification",
        f"{'; '.join(told)} · {origin(reports)}",
        _overview(numbered) if len(numbered) > 1 else None,
        *(_card(number, each) for number, each in numbered),
        *map(_remarks, reports),
    )


def _overview(numbered: Sequence[tuple[int, Examination]]) -> Markup:
    head = [el("th", {"scope": "col"}, name) for name in _HEAD]
    region = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Overview"}
    table = el(
        "table",
        None,
        el("thead", None, el("tr", None, head)),
        el("tbody", None, [_row(number, each) for number, each in numbered]),
    )
    return el(
        "section", {"class": "card summary"}, el("h2", None, "Overview"), el("div", region, table)
    )


def _row(number: int, examination: Examination) -> Markup:
    found = examination.verification
    link = el("a", {"href": f"#checkpoint-{number}"}, one_line(found.name))
    return el(
        "tr",
        None,
        el("th", {"scope": "row"}, link),
        el("td", {"data-label": _HEAD[1]}, _pill(examination)),
        sentence_cell(found.reason, _HEAD[2]),
    )


def _pill(examination: Examination) -> Markup:
    return el(
        "span", {"class": f"pill {tone(examination)}"}, examination.verification.verdict.value
    )


def _card(number: int, examination: Examination) -> Markup:
    found = examination.verification
    return el(
        "article",
        {"class": "card", "id": f"checkpoint-{number}"},
        el(
            "div",
            {"class": "heading"},
            el("h2", None, one_line(found.name)),
            _pill(examination),
        ),
        el("p", {"class": f"verdict {tone(examination)}"}, unbroken(found.reason)),
        _damage(found),
        pairs(facts(examination)),
    )


def _damage(found: Verification) -> Markup | None:
    if not found.damage:
        return None
    rows = [
        el(
            "tr",
            None,
            name_cell(row[0]),
            [el("td", None, cell) for cell in row[1:3]],
            sentence_cell(row[3]),
        )
        for row in damage_rows(found.damage)
    ]
    return plain_table("Damage", ("File", "Verdict", PLACES.capitalize(), "Tensors"), rows)


def _remarks(report: Report) -> Markup | None:
    if not report.remarks:
        return None
    return el(
        "section", {"class": "card"}, [el("p", None, unbroken(remark)) for remark in report.remarks]
    )
