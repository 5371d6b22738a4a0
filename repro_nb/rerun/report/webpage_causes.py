"""The causes in HTML."""

from __future__ import annotations

from repro_nb.pages.elements import Markup, el, prose
from repro_nb.rerun.report.causes import CauseText, cause_texts, why_title
from repro_nb.rerun.result import Grade, NotebookResult

__all__ = ["causes_section"]

_GRADES = {
    Grade.PROVED: "varied alone it makes the difference; held still it does not",
    Grade.OBSERVED: "seen at work while the cell ran",
    Grade.SUSPECTED: "read from the code or the output",
}


def causes_section(result: NotebookResult) -> Markup | None:
    """Why cells differ or fail, one block a cause; None where no cause is given."""
    if not result.causes:
        return None
    blocks = [_block(each) for each in cause_texts(result)]
    return el(
        "section",
        {"class": "causes"},
        el("h3", None, why_title(result)),
        el("ol", None, blocks),
    )


def _block(each: CauseText) -> Markup:
    return el(
        "li",
        {"class": "cause elsewhere" if each.elsewhere else "cause"},
        el("p", {"class": "headline"}, prose(each.headline), ". ", _tags(each)),
        _code(each),
        el("p", None, prose(each.evidence)) if each.evidence else None,
        el("p", None, each.inherited) if each.inherited else None,
        el("p", None, el("strong", None, "Fix "), prose(each.fix)) if each.fix else None,
    )


def _tags(each: CauseText) -> list[Markup]:
    tags = [el("span", {"class": "tag"}, each.cause.factor)]
    if each.grade:
        meaning = _GRADES[each.cause.grade]
        tags.append(el("span", {"class": f"tag {each.grade}", "title": meaning}, each.grade))
    return tags


def _code(each: CauseText) -> Markup | None:
    if each.cause.origin is None:
        return None
    return el(
        "pre",
        {"class": "code", "tabindex": "0"},
        el("span", {"class": "place"}, each.place),
        el("code", None, each.cause.origin.code.strip()),
    )
