"""``repro-nb diff``: two recordings, two executed notebooks, or two folders of them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from repro_nb.cli.options import output_options

__all__ = ["diff"]


@click.command(
    epilog="""\b
Examples:
  repro-nb diff laptop/study.repro.json cluster/study.repro.json
  repro-nb diff before.ipynb after.ipynb --rtol 1e-4
  repro-nb diff runs/monday runs/friday --html diff.html"""
)
@click.argument("left", type=click.Path(exists=True, path_type=Path), metavar="A")
@click.argument("right", type=click.Path(exists=True, path_type=Path), metavar="B")
@click.option(
    "--rtol", type=click.FloatRange(min=0), metavar="X", help="Relative tolerance of numbers."
)
@click.option(
    "--atol", type=click.FloatRange(min=0), metavar="X", help="Absolute tolerance of numbers."
)
@click.option("--exact", is_flag=True, help="Let only outputs that are the same to the bit agree.")
@output_options("difference")
def diff(  # noqa: PLR0913 - one argument per option
    left: Path,
    right: Path,
    *,
    rtol: float | None,
    atol: float | None,
    exact: bool,
    as_json: bool,
    html: Path | None,
    markdown: Path | None,
) -> int:
    """Compare two recordings, two executed notebooks, or two folders of them.

    Nothing is executed. It says cell by cell whether the results agree, where the state of a random source
    first differs, and what differs in the environment. It exits with 1 when results differ.
    """
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - needed by two commands alone
    from repro_nb.pages.reports import write_report  # noqa: PLC0415 - slow
    from repro_nb.recording.compare import CompareOptions  # noqa: PLC0415 - slow
    from repro_nb.rerun.diff_paths import diff_paths  # noqa: PLC0415 - slow
    from repro_nb.rerun.report import diff_contract, diff_markdown, diff_terminal, diff_webpage  # noqa: PLC0415

    check_targets((html, markdown), (left, right))
    default = CompareOptions()
    options = CompareOptions(
        rtol=default.rtol if rtol is None else rtol,
        atol=default.atol if atol is None else atol,
        exact=exact,
    )
    diffs = tuple(diff_paths(left, right, options))
    if html is not None:
        write_report(html, diff_webpage.html(diffs))
    if markdown is not None:
        write_report(markdown, diff_markdown.markdown(diffs))
    if as_json:
        click.echo(json.dumps(diff_contract.envelope(diffs), indent=2))
    else:
        with printing() as console:
            console.print(diff_terminal.diff_report(diffs))
    return 0 if all(each.agrees for each in diffs) else 1
