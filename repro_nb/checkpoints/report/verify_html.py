"""Verified checkpoints, as one self-contained page."""

from __future__ import annotations

from repro_nb.checkpoints.examining import Examination
from repro_nb.checkpoints.report.verify_wording import Report, damage_rows, facts, headline, tone
from repro_nb.checkpoints.verdicts import Verification
from repro_nb.pages.elements import Markup, el
from repro_nb.pages.page import page
from repro_nb.pages.tables import facts as pairs
from repro_nb.pages.tables import plain_table

__all__ = ["html"]


def html(*reports: Report) -> str:
    """The report on one registry, or several, as a whole HTML document."""
    subtitle = "; ".join(f"{report.directory}: {headline(report)}" for report in reports)
    cards = [_card(each) for report in reports for each in report.examinations]
    return page("Checkpoint verification", subtitle, *cards, *map(_remarks, reports))


def _card(examination: Examination) -> Markup:
    found = examination.verification
    shade = tone(examination)
    return el(
        "article",
        {"class": "card"},
        el(
            "div",
            {"class": "heading"},
            el("h2", None, found.name),
            el("span", {"class": f"pill {shade}"}, found.verdict.value),
        ),
        el("p", {"class": f"verdict {shade}"}, found.reason),
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
            el("th", {"scope": "row"}, row[0]),
            [el("td", None, cell) for cell in row[1:]],
        )
        for row in damage_rows(found.damage)
    ]
    return plain_table("Damage", ("File", "Verdict", "Bytes", "Tensors"), rows)


def _remarks(report: Report) -> Markup | None:
    if not report.remarks:
        return None
    return el("section", {"class": "card"}, [el("p", None, remark) for remark in report.remarks])
