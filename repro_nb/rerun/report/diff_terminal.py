"""A difference between two examined notebooks, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.recording.diff import CellDiff, NotebookDiff
from repro_nb.rerun.report.diff_wording import (
    diff_verdict,
    environment_rows,
    notable,
    place,
    remarks,
)
from repro_nb.rerun.report.terminal_parts import difference, outcome_text

__all__ = ["diff_report"]

_MOST_OUTPUTS = 3


def diff_report(diffs: Sequence[NotebookDiff]) -> RenderableType:
    """The report on one difference, or on those of two folders."""
    parts: list[RenderableType] = []
    for diff in diffs:
        parts += [Rule(Text(readable(diff.name), "bold"), align="left", style="dim")]
        parts += [Padding(part, (0, 0, 1, 2)) for part in _sections(diff)]
    if len(diffs) > 1:
        agreeing = sum(diff.agrees for diff in diffs)
        parts.append(Text(f"{agreeing} of {len(diffs)} notebooks agree", "bold"))
    return Group(*parts)


def _sections(diff: NotebookDiff) -> Iterator[RenderableType]:
    sign, style = ("✓", "bold green") if diff.agrees else ("✗", "bold red")
    yield Text(f"{sign} {diff_verdict(diff)}", style)
    if diff.left is None or diff.right is None:
        return
    if diff.first is not None:
        yield _first(diff.first)
    if diff.first_state is not None:
        yield Text.assemble(
            ("Random state first differs in ", "bold"),
            (place(diff.first_state), "bold cyan"),
            readable(f": {'; '.join(f'{s.name}, {s.what}' for s in diff.first_state.sources)}"),
        )
    if notable(diff):
        yield _cells(diff)
    yield _environment(diff)


def _first(cell: CellDiff) -> RenderableType:
    lines: list[RenderableType] = [
        Text.assemble(("First difference: ", "bold"), (place(cell), "bold cyan"))
    ]
    outputs = cell.comparison.outputs if cell.comparison else ()
    for output in [each for each in outputs if not each.outcome.agrees][:_MOST_OUTPUTS]:
        head = Text.assemble((f"{readable(output.kind)} ", "bold"), outcome_text(output.outcome))
        lines.append(head.append(f": {readable(output.reason)}" if output.reason else ""))
        shown = difference(output, "A", "B")
        lines += [] if shown is None else [shown]
    return Group(*lines)


def _cells(diff: NotebookDiff) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("cell", "results", "remarks"):
        table.add_column(name, overflow="fold")
    for cell in notable(diff):
        outcome = outcome_text(cell.outcome) if cell.outcome else Text("—", "dim")
        table.add_row(Text(place(cell)), outcome, Text(readable("; ".join(remarks(cell)))))
    return table


def _environment(diff: NotebookDiff) -> RenderableType:
    if not diff.environment_known:
        return Text("The environments are not compared: only recordings hold one.", "dim")
    rows = environment_rows(diff)
    if not rows:
        return Text("The environments are the same.", "dim")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("environment", "", "A", "B"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(readable(value)) for value in row))
    return table
