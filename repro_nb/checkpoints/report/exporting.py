"""Writes a verification report; its suffix says in which form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from repro_nb.checkpoints.report.verify_contract import envelope
from repro_nb.checkpoints.report.verify_wording import Report
from repro_nb.errors import UsageError
from repro_nb.pages import reports

__all__ = ["FORMS", "rendered", "write_report"]

FORMS = (".md", ".html", ".json")
"""Suffixes that say which form a report has."""


def write_report(path: Path, verified: Callable[[], Report]) -> Report:
    """Write a report.

    Args:
        path: Where to; its suffix says in which form.
        verified: Verifies; called once it is known that the report can be written in that form.

    Raises:
        UsageError: The suffix is none of `FORMS`, or the report cannot be written, or would replace something else.
    """
    _check_form(path)
    reports.check_target(path)
    report = verified()
    reports.write_report(path, rendered(report, path.suffix.lower()))
    return report


def rendered(report: Report, form: str) -> str:
    """A report in one of the `FORMS`."""
    if form == ".json":
        return json.dumps(envelope(report), indent=2) + "\n"
    if form == ".html":
        from repro_nb.checkpoints.report.verify_html import html  # noqa: PLC0415 - slow

        return html(report)
    from repro_nb.checkpoints.report.verify_markdown import markdown  # noqa: PLC0415 - slow

    return markdown(report)


def _check_form(path: Path) -> None:
    if path.suffix.lower() not in FORMS:
        raise UsageError(
            f"the suffix says which form a report has: one of {', '.join(FORMS)}", where=str(path)
        )
