"""``repro-nb explain``: prove what makes the cells of a notebook differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from repro_nb.cli.examining import exit_code, gather, print_results, write_files
from repro_nb.cli.options import output_options, run_options, tolerance_options

__all__ = ["explain"]


@click.command(
    epilog="""\b
Examples:
  repro-nb explain study.ipynb
  repro-nb explain long_study.ipynb --budget 3600
  repro-nb explain notebooks/ --json > causes.json"""
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@run_options
@tolerance_options
@click.option(
    "--budget",
    type=float,
    metavar="SECONDS",
    help="Longest time for the runs that vary one factor each, as estimated from the first run; beyond it, it says "
    "what they would take. [default: 900]",
)
@output_options("report")
@click.option("-q", "--quiet", is_flag=True, help="One line for each notebook below the bar.")
def explain(
    paths: Sequence[str],
    *,
    as_json: bool,
    quiet: bool,
    html: Path | None,
    markdown: Path | None,
    **settings: Any,
) -> int:
    """Prove what makes the cells of notebooks differ, or fail.

    PATH is a notebook, a folder or a glob. Two runs with every factor pinned are the reference. Then each factor
    that the notebook uses is varied alone: cells that differ then, differ because of it. `verify` does the same by
    itself where a notebook does not reproduce; this command leaves its plain runs out. The notebook on disk is never
    changed.
    """
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - not needed by every command
    from repro_nb.rerun import VerifyOptions, explain_all, find_notebooks  # noqa: PLC0415 - slow
    from repro_nb.rerun.report.contract import EXPLAIN  # noqa: PLC0415 - slow

    def options(path: Path) -> VerifyOptions:
        return VerifyOptions.for_project(path, **settings)

    notebooks = find_notebooks(paths)
    check_targets((html, markdown), notebooks)
    results, interrupted = gather(
        lambda watcher: explain_all(notebooks, options, watcher), quiet=quiet
    )
    write_files(results, html, markdown)
    print_results(results, EXPLAIN, as_json=as_json, quiet=quiet)
    return exit_code(results, interrupted=interrupted)
