"""The sections of one notebook's report in a terminal; a section with nothing to say is None.

Text from notebooks goes into `rich.text.Text`, never into markup, and its control characters are made visible.
"""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repro_nb.findings import Severity
from repro_nb.pages.readable import readable
from repro_nb.recording.outcome import CellComparison, OutputComparison
from repro_nb.rerun.report.advice import next_step
from repro_nb.rerun.report.causes import cause_labels
from repro_nb.rerun.report.difference import Line, Row, RowKind, difference_rows
from repro_nb.rerun.report.failure import failure_details, short_error, traceback_lines
from repro_nb.rerun.report.focus import Focus, focus_of
from repro_nb.rerun.report.reasons import equivalence_text
from repro_nb.rerun.report.wording import (
    NUMBERING,
    Rung,
    bar_text,
    cell_label,
    counts,
    finding_text,
    ladder,
    notable_cells,
    passes,
    prompt,
    run_lines,
    seconds_text,
    source_sentence,
    verdict,
)
from repro_nb.rerun.result import CellResult, CellStatus, NotebookResult, Status

__all__ = [
    "cells_section",
    "circumstances_section",
    "difference",
    "divergence_section",
    "error_section",
    "findings_section",
    "mark",
    "next_section",
    "outcome_text",
    "sources_section",
    "verdict_section",
]

_MOST_CODE_LINES = 12
_MOST_OUTPUTS = 3
_MOST_ROWS = 24
_MOST_TRACEBACK_LINES = 16
_OUTCOME_STYLES = {
    "identical": "green",
    "equivalent": "green",
    "different": "red",
    "missing": "red",
    "extra": "red",
    "ignored": "dim",
}


def mark(result: NotebookResult) -> Text:
    """A tick at or above the bar, a cross below it, a question mark where nothing could be judged."""
    if passes(result):
        return Text("✓", "bold green")
    return Text("?", "bold yellow") if result.status is Status.ERROR else Text("✗", "bold red")


def verdict_section(result: NotebookResult) -> RenderableType:
    """Verdict, ladder, what holds the notebook back, and how many outputs ended how."""
    colour = "green" if passes(result) else "yellow" if result.status is Status.ERROR else "red"
    head = Text.assemble(mark(result), " ", (verdict(result), f"bold {colour}"))
    if result.status is Status.ERROR:
        return head
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    if result.held_back_by and not result.causes:
        facts.add_row("Held back by", Text(readable(result.held_back_by)))
    if not passes(result) or result.bar_reason:
        facts.add_row("The bar is", Text(readable(bar_text(result))))
    if tally := _tally(result):
        facts.add_row("Outputs", tally)
    if why := equivalence_text(result):
        facts.add_row("", Text(readable(f"equivalent because: {why}"), "dim"))
    return Group(head, _ladder(result), facts)


def _ladder(result: NotebookResult) -> Text:
    return Text("  ").join(_rung(rung) for rung in ladder(result))


def _rung(rung: Rung) -> Text:
    style = "dim"
    if rung.reached:
        style = "bold red" if rung.mark == "✗" else "bold green" if rung.current else "green"
    return Text(f"{rung.mark} {rung.level.value} {rung.level.label}", style)


def _tally(result: NotebookResult) -> Text:
    shown = [
        Text(f"{count} {name}", _OUTCOME_STYLES.get(name, "dim"))
        for name, count in counts(result.coverage)
        if count
    ]
    return Text(", ").join(shown)


def error_section(result: NotebookResult) -> RenderableType | None:
    """Why the notebook failed or could not be judged."""
    if result.error is None:
        return None
    lines = [Text(readable(short_error(result)), "bold red")]
    if rest := failure_details(result):
        lines.append(Text(readable(rest)))
    if result.error.cell is not None and result.error.cell < len(result.cells):
        lines.append(_code(result.cells[result.error.cell].source))
    if kept := traceback_lines(result, _MOST_TRACEBACK_LINES):
        lines.append(Text(readable("\n".join(kept)), "dim"))
    return Group(*lines)


def divergence_section(result: NotebookResult) -> RenderableType | None:
    """The first divergent cell: its code, and how its outputs differ."""
    focus = focus_of(result)
    if focus is None:
        return None
    what = "from run to run" if focus.compared == "run_to_run" else f"from the {focus.left} outputs"
    title = Text.assemble(
        ("First divergent cell: ", "bold"),
        (cell_label(result, focus.cell.index), "bold cyan"),
        (f"  differs {what}", "dim"),
    )
    lines: list[RenderableType] = [title, _code(focus.cell.source)]
    for output in focus.outputs[:_MOST_OUTPUTS]:
        lines += _output(output, focus)
    if len(focus.outputs) > _MOST_OUTPUTS:
        lines.append(Text(f"… {len(focus.outputs) - _MOST_OUTPUTS} more outputs differ", "dim"))
    return Group(*lines)


def _code(source: str) -> Text:
    lines = readable(source.strip("\n")).splitlines()
    shown = lines[:_MOST_CODE_LINES]
    if len(lines) > len(shown):
        shown.append(f"… {len(lines) - len(shown)} more lines")
    code = Text("\n".join(f"  │ {line}" for line in shown), "cyan")
    code.no_wrap, code.overflow = True, "ellipsis"
    return code


def _output(output: OutputComparison, focus: Focus) -> list[RenderableType]:
    head = Text.assemble((f"{readable(output.kind)} ", "bold"), outcome_text(output.outcome))
    if output.reason:
        head.append(f": {readable(output.reason)}")
    shown = difference(output, focus.left, focus.right)
    return [Padding(part, (0, 0, 0, 2)) for part in (head, shown) if part is not None]


def difference(output: OutputComparison, left: str, right: str) -> RenderableType | None:
    """The two sides of an output as a coloured difference; None where their texts are equal."""
    rows = difference_rows(output.expected, output.actual, _MOST_ROWS)
    if not rows:
        return None
    table = Table.grid(padding=(0, 1), collapse_padding=True)
    table.add_column(no_wrap=True, min_width=3)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row(Text("  -", "red"), Text(left, "red"))
    table.add_row(Text("  +", "green"), Text(right, "green"))
    for row in rows:
        for sign, line, style in _inline(row):
            table.add_row(Text(f"  {sign}", style), _line(line, style))
    return table


def _inline(row: Row) -> list[tuple[str, Line, str]]:
    if row.kind is not RowKind.CHANGED:
        return [(" ", row.left or (), "dim")]
    sides = (("-", row.left, "red"), ("+", row.right, "green"))
    return [(sign, line, style) for sign, line, style in sides if line is not None]


def _line(line: Line, style: str) -> Text:
    changed = f"bold {style} underline"
    return Text.assemble(*((span.text, changed if span.changed else style) for span in line))


def outcome_text(outcome: str) -> Text:
    """An outcome in its colour."""
    return Text(str(outcome), _OUTCOME_STYLES.get(outcome, ""))


def sources_section(result: NotebookResult) -> RenderableType | None:
    """The sources that had already diverged on entry to the first divergent cell, where no cause tells more."""
    if result.run_to_run.first is None or result.causes:
        return None
    if not result.diverged_sources:
        return Text("No source of random numbers had diverged on entry to that cell.")
    title = Text("Already diverged on entry to that cell:", "bold")
    lines = Table.grid(padding=(0, 1))
    for source in result.diverged_sources:
        lines.add_row("  •", Text(readable(source_sentence(source))))
    return Group(title, lines)


def cells_section(result: NotebookResult) -> RenderableType | None:
    """A table of the cells that have something to tell."""
    cells = notable_cells(result)
    if not cells:
        return None
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    last = "cause" if result.causes else "draws from"
    for name in ("cell", "prompt", "status", "run to run", "saved", last, "time"):
        table.add_column(name, justify="right" if name in ("cell", "time") else "left")
    for cell in cells:
        table.add_row(*_cell_row(result, cell))
    left_out = len(result.cells) - len(cells)
    note = f"{NUMBERING} {left_out} more are not shown." if left_out else NUMBERING
    return Group(table, Text(note, "dim"))


def _cell_row(result: NotebookResult, cell: CellResult) -> tuple[Text, ...]:
    status_style = "red" if cell.status is CellStatus.FAILED else "dim"
    return (
        Text(str(cell.index)),
        Text(prompt(result, cell.index) or "—", "dim"),
        Text(cell.status.value, status_style),
        _comparison(cell.run_to_run),
        _comparison(cell.saved),
        Text(readable(", ".join(_last_column(result, cell))) or "—"),
        Text(seconds_text(cell.seconds), "dim"),
    )


def _last_column(result: NotebookResult, cell: CellResult) -> tuple[str, ...]:
    """The causes where any is known, else what was drawn from: a narrow terminal has no room for both."""
    return cause_labels(result, cell.index) if result.causes else cell.draws


def _comparison(comparison: CellComparison | None) -> Text:
    outcome = comparison.outcome if comparison else None
    if outcome is None:
        return Text("—", "dim")
    return outcome_text("not compared" if outcome == "ignored" else outcome)


def findings_section(result: NotebookResult) -> RenderableType | None:
    """Further remarks."""
    if not result.findings:
        return None
    styles = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
    lines = Table.grid(padding=(0, 1))
    for finding in result.findings:
        tag = Text(f"  {finding.severity.value}", styles[finding.severity])
        lines.add_row(tag, Text(readable(finding_text(finding))))
    return Group(Text("Remarks", "bold"), lines)


def circumstances_section(result: NotebookResult) -> RenderableType | None:
    """What was varied, what could not be, how the user's files were kept safe."""
    lines = [Text(readable(line), "dim") for line in run_lines(result)]
    if result.not_varied:
        lines.append(
            Text(readable(f"could not be varied here: {'; '.join(result.not_varied)}"), "dim")
        )
    if result.isolation:
        lines.append(Text(readable(f"isolation: {result.isolation}"), "dim"))
    if result.recording:
        lines.append(Text(readable(f"recording written: {result.recording}")))
    return Group(*lines) if lines else None


def next_section(result: NotebookResult) -> RenderableType | None:
    """The next step, where there is one."""
    step = next_step(result)
    return Text.assemble(("Next  ", "bold"), readable(step)) if step else None
