"""Verified checkpoints, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

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
from repro_nb.pages.markdown import escape, table
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["markdown"]

_SIGNS = {"good": "✅", "bad": "❌", "unknown": "⚠️"}


def markdown(*reports: Report) -> str:
    """The report on one registry, or several."""
    parts = ["# Checkpoint verification", escape(origin(reports))]
    for report in reports:
        parts += _registry(report)
    return "\n\n".join(parts) + "\n"


def _registry(report: Report) -> Iterator[str]:
    yield f"{escape(report.folder)}: **{escape(headline(report))}**"
    if report.examinations:
        yield table(
            ("checkpoint", "verdict", "reason"),
            [_row(each) for each in worst_first(report.examinations)],
        )
    yield from (escape(unbroken(remark)) for remark in report.remarks)
    for each in worst_first(report.examinations):
        yield from _details(each)


def _row(examination: Examination) -> tuple[str, str, str]:
    found = examination.verification
    sign = _SIGNS[tone(examination)]
    return (
        escape(one_line(found.name)),
        f"{sign} {found.verdict.value}",
        escape(unbroken(found.reason)),
    )


def _details(examination: Examination) -> Iterator[str]:
    found = examination.verification
    yield f"## {escape(one_line(found.name))}"
    if found.damage:
        rows = [tuple(map(escape, row)) for row in damage_rows(found.damage)]
        yield table(("file", "verdict", PLACES, "tensors"), rows)
    known = facts(examination)
    if known:
        yield "\n".join(f"- {escape(name)}: {escape(value)}" for name, value in known)
