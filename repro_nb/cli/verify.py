"""``repro-nb verify``: rerun notebooks in fresh kernels and say how far they reproduce."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from repro_nb.cli.examining import exit_code, gather, print_results, write_files
from repro_nb.cli.options import output_options, run_options, tolerance_options

__all__ = ["verify"]


@click.command(
    epilog="""\b
Examples:
  repro-nb verify study.ipynb
  repro-nb verify notebooks/ --fail-under robust --timeout 600
  repro-nb verify long_study.ipynb --budget 3600
  repro-nb verify 'reports/*.ipynb' --json > results.json
  repro-nb verify study.ipynb --html report.html --save executed/

Defaults may be set under [tool.repro_nb] in pyproject.toml."""
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--runs",
    type=int,
    metavar="N",
    help="Fresh runs to compare; the first is plain. One more plain run is made where they differ. [default: 2]",
)
@run_options
@tolerance_options
@click.option(
    "--explain/--no-explain",
    default=None,
    help="Find out by further runs why cells differ, where they do; this is the default.",
)
@click.option(
    "--budget",
    type=float,
    metavar="SECONDS",
    help="Longest time for these further runs, as estimated from the first; beyond it, it says what they would take. "
    "[default: 900]",
)
@click.option("--update", is_flag=True, help="Write NAME.repro.json beside each notebook.")
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the executed notebooks to DIR, each at its relative path.",
)
@click.option(
    "--fail-under",
    metavar="LEVEL",
    help="Level that counts as passing, by number or name. [default: 4 (matches); 3 (robust) where "
    "nothing is saved]",
)
@output_options("report")
@click.option("-q", "--quiet", is_flag=True, help="One line for each notebook below the bar.")
def verify(
    paths: Sequence[str],
    *,
    as_json: bool,
    quiet: bool,
    html: Path | None,
    markdown: Path | None,
    fail_under: str | None,
    update: bool,
    **settings: Any,
) -> int:
    """Rerun notebooks in fresh kernels and say how far they reproduce.

    PATH is a notebook, a folder or a glob. Each notebook runs twice by default: once plainly, once with every
    factor varied that can be: hash seed, clock, threads, time zone, directory order, … The runs go on at the same
    time, and are compared with each other and with the saved outputs. Where they differ, one more plain run is made,
    and then further runs that each vary one factor prove which of them is the cause. The notebook on disk is never
    changed.
    """
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - needed by this command alone
    from repro_nb.rerun import VerifyOptions, find_notebooks, parse_level, verify_all  # noqa: PLC0415 - slow
    from repro_nb.rerun.bar import check_reachable  # noqa: PLC0415 - slow
    from repro_nb.rerun.report.contract import VERIFY  # noqa: PLC0415 - slow

    level = None if fail_under is None else parse_level(fail_under)

    def options(path: Path) -> VerifyOptions:
        return VerifyOptions.for_project(path, update=update, fail_under=level, **settings)

    notebooks = find_notebooks(paths)
    check_targets((html, markdown), notebooks)
    for path in notebooks:  # a setting that cannot be used ends it here, before anything has run
        check_reachable(options(path).fail_under)
    results, interrupted = gather(
        lambda watcher: verify_all(notebooks, options, watcher), quiet=quiet
    )
    write_files(results, html, markdown)
    print_results(results, VERIFY, as_json=as_json, quiet=quiet)
    return exit_code(results, interrupted=interrupted)
