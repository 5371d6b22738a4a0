"""``repro-nb run --pinned``: execute a notebook so that it gives the same outputs every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from repro_nb.cli.options import run_options

__all__ = ["run"]


@click.command(
    epilog="""\b
Examples:
  repro-nb run study.ipynb --pinned
  repro-nb run study.ipynb --pinned -o executed/study.ipynb"""
)
@click.argument("notebook", type=click.Path(path_type=Path), metavar="NOTEBOOK")
@click.option(
    "--pinned",
    is_flag=True,
    help="Hold every factor still: random streams, hash seed, clock, threads, time zone, directory order, …",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write the executed notebook. [default: NAME.pinned.ipynb beside it]",
)
@run_options
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
def run(
    notebook: Path, *, pinned: bool, output: Path | None, as_json: bool, **settings: Any
) -> int:
    """Execute a notebook with every factor pinned, and save it with its outputs.

    An unchanged notebook so gives the same outputs every time. What was pinned is written into its metadata. It
    exits with 1 when a cell raises; what was executed until then is saved all the same.
    """
    if not pinned:
        raise click.UsageError(
            "say --pinned: this command holds still what differs from run to run. "
            "To execute a notebook plainly there is `jupyter nbconvert --to notebook --execute`."
        )
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.cli.progress import watching  # noqa: PLC0415 - slow
    from repro_nb.rerun import VerifyOptions, run_pinned  # noqa: PLC0415 - slow
    from repro_nb.rerun.report import pinned_view  # noqa: PLC0415 - slow

    options = VerifyOptions.for_project(notebook, **settings)
    with watching(quiet=False) as watcher:
        done = run_pinned(notebook, output, options, watcher)
    if as_json:
        click.echo(json.dumps(pinned_view.envelope(done), indent=2))
    else:
        with printing() as console:
            console.print(pinned_view.pinned_report(done))
    return done.exit_code
