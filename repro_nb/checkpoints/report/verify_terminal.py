"""Verified checkpoints, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repro_nb.checkpoints.examining import Examination
from repro_nb.checkpoints.report.verify_wording import PLACES, Report, damage_rows, headline, tone
from repro_nb.checkpoints.verdicts import Damage
from repro_nb.checkpoints.wording import size_text
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["verify_report"]

_SIGNS = {"good": ("✓", "green"), "bad": ("✗", "bold red"), "unknown": ("?", "yellow")}
_MOST_FILES = 20


def verify_report(reports: Sequence[Report]) -> RenderableType:
    """The report on one registry, or several."""
    parts: list[RenderableType] = []
    for report in reports:
        if len(reports) > 1:
            parts.append(Text(one_line(report.directory), "bold"))
        parts += [line for each in report.examinations for line in _lines(each)]
        parts += [Text(unbroken(remark), "dim") for remark in report.remarks]
        good = bool(report.examinations) and all(
            tone(each) == "good" for each in report.examinations
        )
        parts.append(Text(headline(report), "bold green" if good else "bold"))
    return Group(*parts)


def _lines(examination: Examination) -> Iterator[RenderableType]:
    found, was = examination.verification, examination.registration
    sign, style = _SIGNS[tone(examination)]
    size = f"  {size_text(was.size)}" if was is not None else ""
    digest = f"  {found.algorithm}:{found.expected[:12]}…" if found.expected else ""
    yield Text.assemble(
        (f"{sign} ", style),
        one_line(found.name),
        (f"  {found.verdict.value}", style),
        (f"{size}{digest}", "dim"),
    )
    if not found:
        yield Padding(Text(unbroken(found.reason)), (0, 0, 0, 4))
    if found.damage:
        yield Padding(_damage(found.damage), (0, 0, 0, 4))


def _damage(damage: Sequence[Damage]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("file", "", PLACES, "tensors"):
        table.add_column(name, overflow="fold")
    rows = damage_rows(damage)
    for row in rows[:_MOST_FILES]:
        table.add_row(*(Text(cell) for cell in row))
    if len(rows) > _MOST_FILES:
        table.add_row(Text(f"… and {len(rows) - _MOST_FILES:,} more", "dim"))
    return table
