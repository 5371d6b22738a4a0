"""``repro-nb checkpoint list``: what a registry holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from repro_nb.cli.checkpoint.path_type import LocalPath
from repro_nb.cli.checkpoint.registry import as_json_option, nearest_registry, verifier_for
from repro_nb.pages.one_line import one_line

__all__ = ["list_"]


@click.command(
    "list",
    epilog="""\b
Examples:
  repro-nb checkpoint list
  repro-nb checkpoint list checkpoints/ --json""",
)
@click.argument("directory", type=LocalPath(), required=False, metavar="[DIR]")
@as_json_option
def list_(directory: Path | None, *, as_json: bool) -> int:
    """List the checkpoints that are registered in a folder. Nothing is hashed.

    Without DIR, that is the current folder, or the nearest one above that has a registry.
    """
    from repro_nb.checkpoints.report.log_terminal import list_report  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_contract import registration_json  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    folder = nearest_registry(directory)
    history = verifier_for(folder).history()
    found = [each for name in history.names() if (each := history.current(name)) is not None]
    if as_json:
        results = [registration_json(each) for each in found]
        envelope = {
            "schema": "repro_nb/checkpoint-list/1",
            "results": results,
            "damaged": [str(line) for line in history.damaged],
        }
        click.echo(json.dumps(envelope, indent=2))
        return 0
    for line in history.damaged:
        click.echo(f"the registry's {one_line(line)}", err=True)
    if not found:
        click.echo(f"No checkpoint is registered in {one_line(folder.resolve())}")
        return 0
    # A name must not forge a row of the table.
    rows = [replace(each, checkpoint=one_line(each.checkpoint)) for each in found]
    with printing() as console:
        console.print(list_report(rows))
    return 0
