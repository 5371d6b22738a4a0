"""The report in a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.rerun.report import terminal_parts as parts
from repro_nb.rerun.report.causes import held_back_text
from repro_nb.rerun.report.failure import is_unreadable, short_error, unreadable_line
from repro_nb.rerun.report.terminal_causes import causes_section
from repro_nb.rerun.report.wording import (
    has_weighty_remarks,
    level_text,
    passes,
    seconds_text,
    summary_counts,
    verdict,
)
from repro_nb.rerun.result import NotebookResult

__all__ = ["notebook_report", "one_line", "print_report", "summary", "text"]

_INDENT = (0, 0, 1, 2)


def print_report(
    results: Sequence[NotebookResult], console: Console, *, quiet: bool = False
) -> None:
    """Prints the report: in full for one notebook; for many, a summary, and those below the bar in full.

    Of those at or above the bar, the remarks that weigh more than a note are printed.

    Args:
        results: The examined notebooks.
        console: Where to print.
        quiet: One line for each notebook below the bar, and nothing else.
    """
    if quiet:
        for result in results:
            if not passes(result):
                console.print(one_line(result), soft_wrap=True)
        return
    for result in results:
        if len(results) == 1 or not passes(result):
            console.print(notebook_report(result))
        elif has_weighty_remarks(result):
            console.print(_remarks(result))
    if len(results) != 1:
        console.print(summary(results))


def text(results: Sequence[NotebookResult], width: int = 100) -> str:
    """The report as plain text, `width` characters wide, without colour."""
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system=None,
        force_terminal=False,
        # In a kernel rich would display the text instead of writing it.
        force_jupyter=False,
        highlight=False,
    )
    with console.capture() as capture:
        print_report(results, console)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def one_line(result: NotebookResult) -> Text:
    """A notebook in one line: its name, its verdict, what holds it back."""
    line = Text.assemble(
        parts.mark(result), " ", (readable(result.notebook), "bold"), "  ", verdict(result)
    )
    why = short_error(result) or held_back_text(result)
    if why and not passes(result):
        line.append(f" — {readable(why)}")
    return line


def notebook_report(result: NotebookResult) -> RenderableType:
    """All there is to say about one notebook."""
    if is_unreadable(result):
        return Text(readable(unreadable_line(result)), "red")
    sections = [
        parts.verdict_section(result),
        causes_section(result),
        parts.error_section(result),
        parts.divergence_section(result),
        parts.sources_section(result),
        parts.cells_section(result),
        parts.findings_section(result),
        parts.circumstances_section(result),
        parts.next_section(result),
    ]
    body = [Padding(section, _INDENT) for section in sections if section is not None]
    return Group(_title(result), *body)


def _remarks(result: NotebookResult) -> RenderableType:
    section = parts.findings_section(result)
    return Group(_title(result), *([Padding(section, _INDENT)] if section is not None else []))


def _title(result: NotebookResult) -> Rule:
    return Rule(Text(readable(result.notebook), "bold"), align="left", style="dim")


def summary(results: Sequence[NotebookResult]) -> RenderableType:
    """A table of many notebooks, and how many are at or above the bar."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("notebook", overflow="fold")
    table.add_column("level")
    table.add_column("outputs", justify="right")
    table.add_column("held back by", ratio=1)
    table.add_column("time", justify="right")
    for result in results:
        table.add_row(*_summary_row(result))
    return Group(Rule(style="dim"), table, Text(f"\n{summary_counts(results)}", "bold"))


def _summary_row(result: NotebookResult) -> tuple[RenderableType, ...]:
    coverage = result.coverage
    agreeing = coverage.identical + coverage.equivalent
    return (
        parts.mark(result),
        Text(readable(result.notebook)),
        Text(level_text(result).removeprefix("level ")),
        Text(f"{agreeing}/{coverage.outputs}" if coverage.outputs else "—"),
        Text(readable(short_error(result) or held_back_text(result)), "dim"),
        Text(seconds_text(result.seconds)),
    )
