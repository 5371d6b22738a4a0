"""``repro-nb checkpoint diff``: what changed from one checkpoint to another."""

from __future__ import annotations

import json
from pathlib import Path

import click

from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.cli.options import output_options

__all__ = ["diff"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint diff epoch-3.pt epoch-4.pt
  repro-nb checkpoint diff model.pt model.safetensors
  repro-nb checkpoint diff mine/ theirs/ --html diff.html"""
)
@click.argument("left", type=CheckpointPath(exists=True), metavar="A")
@click.argument("right", type=CheckpointPath(exists=True), metavar="B")
@output_options("difference")
def diff(
    left: str | Path, right: str | Path, *, as_json: bool, html: Path | None, markdown: Path | None
) -> int:
    """Compare two checkpoints tensor by tensor, to the element and the bit, whatever formats they are in.

    Nothing in them is executed. It exits with 1 when they do not hold the same.
    """
    from repro_nb.checkpoints.diff import diff_checkpoints  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report import (  # noqa: PLC0415 - slow
        diff_contract,
        diff_html,
        diff_markdown,
        diff_terminal,
    )
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - slow
    from repro_nb.pages.reports import write_report  # noqa: PLC0415 - slow

    check_targets((html, markdown), [each for each in (left, right) if isinstance(each, Path)])
    with watching_bytes() as progress:
        found = diff_checkpoints(left, right, progress)
    if html is not None:
        write_report(html, diff_html.html(found))
    if markdown is not None:
        write_report(markdown, diff_markdown.markdown(found))
    if as_json:
        click.echo(json.dumps(diff_contract.diff_envelope(found), indent=2))
    else:
        with printing() as console:
            console.print(diff_terminal.diff_report(found))
    return 0 if found.agrees else 1
