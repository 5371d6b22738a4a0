"""The report as a piece of HTML to show inside a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.pages.elements import Markup, el
from repro_nb.pages.page import stylesheet
from repro_nb.rerun.report.webpage_parts import notebook_card
from repro_nb.rerun.report.wording import passes
from repro_nb.rerun.result import NotebookResult

__all__ = ["html_fragment"]


def html_fragment(results: Sequence[NotebookResult]) -> str:
    """The report with its own style, which touches nothing outside it and follows the front end's theme."""
    cards = [
        notebook_card(result, opened=len(results) == 1 or not passes(result)) for result in results
    ]
    return el("div", {"class": "repro-nb fragment"}, el("style", None, Markup(stylesheet())), cards)
