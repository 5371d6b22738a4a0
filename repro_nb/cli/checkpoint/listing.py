"""``repro-nb checkpoint list``: what a registry holds."""

from __future__ import annotations

import json
from pathlib import Path

import click

from repro_nb.cli.checkpoint.registry import as_json_option, verifier_for

__all__ = ["list_"]


@click.command(
    "list",
    epilog="""\b
Examples:
  repro-nb checkpoint list
  repro-nb checkpoint list checkpoints/ --json""",
)
@click.argument("directory", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@as_json_option
def list_(directory: Path, *, as_json: bool) -> int:
    """List the checkpoints that are registered in a folder. Nothing is hashed."""
    from repro_nb.checkpoints.report.log_terminal import list_report  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_contract import registration_json  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    history = verifier_for(directory).history()
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
        click.echo(f"the registry's {line}", err=True)
    if not found:
        click.echo(f"No checkpoint is registered in {directory}.")
        return 0
    with printing() as console:
        console.print(list_report(found))
    return 0
