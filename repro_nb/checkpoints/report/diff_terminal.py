"""The difference of two checkpoints, in a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from repro_nb.checkpoints.diff import Change, CheckpointDiff, EntryDiff
from repro_nb.checkpoints.report.diff_wording import bar, extent, figures, first, summary, verdict
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["diff_report"]

_BAR = 8
_HEAD = (
    "tensor or value",
    "what",
    "change",
    "elements",
    "max abs",
    "L2",
    "relative",
    "first, or what it was and is",
)
_STYLES = {Change.ADDED: "green", Change.REMOVED: "red", Change.CHANGED: "yellow"}


def diff_report(diff: CheckpointDiff) -> RenderableType:
    """The report."""
    sign, style = ("✓", "bold green") if diff.agrees else ("✗", "bold red")
    head = Text(f"{sign} {verdict(diff)}", style)
    sides = Text(
        f"A: {one_line(diff.left)} ({diff.left_format})\n"
        f"B: {one_line(diff.right)} ({diff.right_format})",
        "dim",
    )
    if diff.agrees:
        return Group(head, sides)
    return Group(head, sides, Text(summary(diff)), Text(""), _table(diff))


def _table(diff: CheckpointDiff) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(_HEAD):
        table.add_column(name, overflow="fold", justify="right" if number in (4, 5, 6) else "left")
    for row in diff.rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: EntryDiff) -> list[Text]:
    style = _STYLES.get(row.change, "magenta")
    shown = bar(extent(row), _BAR) if row.difference else ""
    return [
        Text(one_line(row.name)),
        Text(row.change.value, style),
        Text(shown, style),
        *(Text(figure) for figure in figures(row)),
        Text(unbroken(first(row)), "dim"),
    ]
