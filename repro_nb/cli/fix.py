"""``repro-nb fix``: propose edits with which notebooks reproduce, prove them, and write them when asked to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_nb.cli.options import run_options, tolerance_options

if TYPE_CHECKING:
    from repro_nb.rerun.fix import FixResult

__all__ = ["fix"]

_INTERRUPTED = 130


@click.command(
    epilog="""\b
Examples:
  repro-nb fix study.ipynb
  repro-nb fix study.ipynb --write
  repro-nb fix notebooks/ --json > fixes.json"""
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--write", is_flag=True, help="Write the notebooks; each is kept as it was in NAME.ipynb.bak."
)
@run_options
@tolerance_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
def fix(paths: Sequence[str], *, write: bool, as_json: bool, **settings: Any) -> int:
    """Propose the smallest edits with which notebooks reproduce, and prove them by reruns.

    PATH is a notebook, a folder or a glob. An edit that does not help is withdrawn, and so is one that makes a cell
    fail or changes what a sound cell gives. Nothing is written without --write; then nothing but the named cells
    changes. Exits with 0 where a notebook reaches level 3 (robust) with its edits, or stands there already.
    """
    from repro_nb.rerun import VerifyOptions, find_notebooks  # noqa: PLC0415 - slow

    chosen = [(path, VerifyOptions.for_project(path, **settings)) for path in find_notebooks(paths)]
    results, interrupted = _gather(chosen, write=write)
    _print(results, as_json=as_json)
    return _INTERRUPTED if interrupted else max(result.exit_code for result in results)


def _gather(chosen: Sequence[tuple[Path, Any]], *, write: bool) -> tuple[list[FixResult], bool]:
    """All results, and whether Ctrl-C or a signal ended it early."""
    from repro_nb.cli.progress import watching  # noqa: PLC0415 - slow
    from repro_nb.rerun import Interrupted  # noqa: PLC0415 - slow
    from repro_nb.rerun.fix import FixResult  # noqa: PLC0415 - slow
    from repro_nb.rerun.fix import fix as fix_notebook  # noqa: PLC0415 - slow

    results: list[FixResult] = []
    try:
        with watching(quiet=False) as watcher:
            for path, options in chosen:
                results.append(fix_notebook(path, options, watcher, write=write))
    except KeyboardInterrupt as interruption:
        if isinstance(interruption, Interrupted):  # else it came between two notebooks
            known = interruption.result
            results.append(FixResult(notebook=known.notebook, before=known, interrupted=True))
        click.echo("interrupted: what was finished follows", err=True)
        return results, True
    return results, False


def _print(results: Sequence[FixResult], *, as_json: bool) -> None:
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.rerun.fix import report  # noqa: PLC0415 - slow

    if as_json:
        click.echo(json.dumps(report.envelope(results), indent=2))
    elif results:
        with printing() as console:
            report.print_fix(results, console)
