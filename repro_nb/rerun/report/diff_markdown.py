"""A difference between two examined notebooks, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repro_nb.pages.markdown import escape, prose, table
from repro_nb.recording.diff import CellDiff, NotebookDiff
from repro_nb.rerun.report.diff_wording import (
    diff_verdict,
    environment_rows,
    notable,
    place,
    remarks,
)
from repro_nb.rerun.report.markdown_text import difference_block

__all__ = ["markdown"]


def markdown(diffs: Sequence[NotebookDiff]) -> str:
    """The report on one difference, or on those of two folders."""
    parts = ["# Reproducibility difference"]
    for diff in diffs:
        parts += _notebook(diff)
    return "\n\n".join(parts) + "\n"


def _notebook(diff: NotebookDiff) -> Iterator[str]:
    yield f"## {escape(diff.name)}"
    yield f"{'✅' if diff.agrees else '❌'} **{diff_verdict(diff)}**"
    if diff.first is not None:
        yield from _first(diff.first)
    rows = [
        (
            place(cell),
            cell.outcome.value if cell.outcome else "—",
            "; ".join(prose(remark) for remark in remarks(cell)) or "—",
        )
        for cell in notable(diff)
    ]
    if rows:
        yield table(("cell", "results", "remarks"), rows)
    facts = [tuple(map(escape, row)) for row in environment_rows(diff)]
    if facts:
        yield table(("environment", "", "A", "B"), facts)


def _first(cell: CellDiff) -> Iterator[str]:
    yield f"### First difference: {place(cell)}"
    for output in cell.comparison.outputs if cell.comparison else ():
        if not output.outcome.agrees:
            yield f"{escape(output.kind)} — {output.outcome}: {escape(output.reason)}"
            if block := difference_block(output, "A", "B"):
                yield block
