"""The causes in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from repro_nb.pages.markdown import escape, fenced, prose
from repro_nb.rerun.report.causes import CauseText, cause_texts, why_title
from repro_nb.rerun.result import NotebookResult

__all__ = ["causes_section"]


def causes_section(result: NotebookResult) -> Iterator[str]:
    """Why cells differ or fail, a few paragraphs a cause."""
    if not result.causes:
        return
    yield f"### {escape(why_title(result))}"
    for each in cause_texts(result):
        yield from _paragraphs(each)


def _paragraphs(each: CauseText) -> Iterator[str]:
    yield f"**{prose(each.headline)}** — {escape(each.label)}"
    if each.cause.origin is not None:
        yield fenced(f"# {each.place}\n{each.cause.origin.code.strip()}", "python")
    if seen := " ".join(filter(None, (each.evidence, each.inherited))):
        yield prose(seen)
    if each.fix:
        yield f"**Fix:** {prose(each.fix)}"
