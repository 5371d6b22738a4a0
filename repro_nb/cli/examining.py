"""What the commands that rerun notebooks share: gathering results, printing them, writing report files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from repro_nb.rerun import NotebookResult
    from repro_nb.rerun.progress import Progress

__all__ = ["exit_code", "gather", "print_results", "write_files"]

_INTERRUPTED = 130


def gather(
    work: Callable[[Progress | None], Iterator[NotebookResult]], *, quiet: bool
) -> tuple[list[NotebookResult], bool]:
    """All results, and whether Ctrl-C or a signal ended it early."""
    from repro_nb.cli.progress import watching  # noqa: PLC0415 - slow
    from repro_nb.rerun import Interrupted  # noqa: PLC0415 - slow

    results: list[NotebookResult] = []
    try:
        with watching(quiet=quiet) as watcher:
            results.extend(work(watcher))
    except KeyboardInterrupt as interruption:
        if isinstance(interruption, Interrupted):  # else it came between two notebooks
            results.append(interruption.result)
        click.echo("interrupted: what was finished follows", err=True)
        return results, True
    return results, False


def exit_code(results: Sequence[NotebookResult], *, interrupted: bool) -> int:
    """The highest of all."""
    return _INTERRUPTED if interrupted else max(result.exit_code for result in results)


def write_files(
    results: Sequence[NotebookResult], html: Path | None, markdown: Path | None
) -> None:
    """Writes the report files that were asked for."""
    from repro_nb.pages.reports import write_report  # noqa: PLC0415 - slow
    from repro_nb.rerun import report  # noqa: PLC0415 - slow

    if html is not None:
        write_report(html, report.html(results))
    if markdown is not None:
        write_report(markdown, report.markdown(results))


def print_results(
    results: Sequence[NotebookResult], schema: str, *, as_json: bool, quiet: bool
) -> None:
    """Prints the report, or the JSON envelope of `schema`."""
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.rerun import report  # noqa: PLC0415 - slow

    if as_json:
        click.echo(json.dumps(report.envelope(results, schema), indent=2))
    elif results:  # none where it was interrupted at once
        with printing() as console:
            report.print_report(results, console, quiet=quiet)
