"""``repro-nb verify``: rerun notebooks in fresh kernels and say how far they reproduce."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_nb.cli.options import output_options

if TYPE_CHECKING:
    from repro_nb.rerun import NotebookResult
    from repro_nb.rerun.progress import Progress

__all__ = ["verify"]

_INTERRUPTED = 130


@click.command(
    epilog="""\b
Examples:
  repro-nb verify study.ipynb
  repro-nb verify notebooks/ --fail-under robust --timeout 600
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
@click.option("--timeout", type=float, metavar="SECONDS", help="Longest time for one cell.")
@click.option(
    "--notebook-timeout",
    type=float,
    metavar="SECONDS",
    help="Longest time for one run of a notebook.",
)
@click.option(
    "--kernel", metavar="NAME", help="Kernelspec to run in, instead of the notebook's own."
)
@click.option("--rtol", type=float, metavar="X", help="Relative tolerance of numbers.")
@click.option("--atol", type=float, metavar="X", help="Absolute tolerance of numbers.")
@click.option(
    "--exact/--no-exact", default=None, help="Let only outputs that are the same to the bit agree."
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
@click.option(
    "--in-place/--isolated",
    default=None,
    help="Run in the notebook's own folder, without isolation.",
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

    PATH is a notebook, a folder or a glob. Each notebook runs twice by default: once plainly, once with the
    hash seed, timezone, locale and thread counts varied. The runs go on at the same time, and are compared with
    each other and with the saved outputs; where they differ, one more plain run is made. The notebook on disk is
    never changed.
    """
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - needed by this command alone
    from repro_nb.rerun import VerifyOptions, find_notebooks, parse_level, verify_all  # noqa: PLC0415 - slow
    from repro_nb.rerun.bar import check_reachable  # noqa: PLC0415 - slow

    level = None if fail_under is None else parse_level(fail_under)

    def options(path: Path) -> VerifyOptions:
        return VerifyOptions.for_project(path, update=update, fail_under=level, **settings)

    notebooks = find_notebooks(paths)
    check_targets((html, markdown), notebooks)
    for path in notebooks:  # a setting that cannot be used ends it here, before anything has run
        check_reachable(options(path).fail_under)
    results, interrupted = _gather(lambda watcher: verify_all(notebooks, options, watcher), quiet)
    _write_files(results, html, markdown)
    _print(results, as_json, quiet)
    return _INTERRUPTED if interrupted else max(result.exit_code for result in results)


def _gather(
    work: Callable[[Progress | None], Iterator[NotebookResult]], quiet: bool
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


def _write_files(
    results: Sequence[NotebookResult], html: Path | None, markdown: Path | None
) -> None:
    from repro_nb.cli.output import write_report  # noqa: PLC0415 - slow
    from repro_nb.rerun import report  # noqa: PLC0415 - slow

    if html is not None:
        write_report(html, report.html(results))
    if markdown is not None:
        write_report(markdown, report.markdown(results))


def _print(results: Sequence[NotebookResult], as_json: bool, quiet: bool) -> None:
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.rerun import report  # noqa: PLC0415 - slow

    if as_json:
        click.echo(json.dumps(report.envelope(results), indent=2))
    elif results:  # none where it was interrupted at once
        with printing() as console:
            report.print_report(results, console, quiet=quiet)
