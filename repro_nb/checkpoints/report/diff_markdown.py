"""The difference of two checkpoints, as Markdown."""

from __future__ import annotations

from repro_nb.checkpoints.diff import CheckpointDiff, EntryDiff
from repro_nb.checkpoints.report.diff_wording import bar, extent, figures, first, summary, verdict
from repro_nb.pages.markdown import escape, table
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["markdown"]

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


def markdown(diff: CheckpointDiff) -> str:
    """The report."""
    parts = [
        "# Difference of two checkpoints",
        f"{'✅' if diff.agrees else '❌'} **{verdict(diff)}**",
        f"A: {_side(diff.left, diff.left_format)}  \nB: {_side(diff.right, diff.right_format)}",
    ]
    if diff.rows:
        parts += [summary(diff), table(_HEAD, [_cells(row) for row in diff.rows])]
    return "\n\n".join(parts) + "\n"


def _side(name: str, form: str) -> str:
    return f"{escape(one_line(name))} ({form})"


def _cells(row: EntryDiff) -> tuple[str, ...]:
    shown = bar(extent(row), _BAR).strip() if row.difference else ""
    return (
        escape(one_line(row.name)),
        row.change.value,
        shown,
        *figures(row),
        escape(unbroken(first(row))),
    )
