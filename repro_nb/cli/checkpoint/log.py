"""``repro-nb checkpoint log``: the story of a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import click

from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.cli.checkpoint.registry import (
    as_json_option,
    grouped,
    registry_option,
    verifier_for,
)
from repro_nb.errors import UsageError

__all__ = ["log"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint log model.pth"""
)
@click.argument("path", type=CheckpointPath(), metavar="PATH")
@registry_option
@as_json_option
def log(path: str | Path, *, registry: Path | None, as_json: bool) -> int:
    """Tell the story of a checkpoint: each registration, what changed, and where it came from.

    That is notebook, cell, seed, random state, commit and environment, as far as they are known. Nothing is hashed,
    and the checkpoint need not be there any more.
    """
    from repro_nb.checkpoints.report.log_terminal import log_report  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_contract import registration_json  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    ((folder, (full,)),) = grouped([path], registry).items()
    verifier = verifier_for(folder)
    history = verifier.log(full)
    name = verifier.name_of(full)
    doubts = [line for line in verifier.history().damaged if line.checkpoint in (name, "")]
    if not history and not doubts:
        raise UsageError(f"it was never registered in {folder.resolve()}", where=str(path))
    if as_json:
        results = [registration_json(each) for each in history]
        envelope = {
            "schema": "repro_nb/checkpoint-log/1",
            "results": results,
            "damaged": [str(line) for line in doubts],
        }
        click.echo(json.dumps(envelope, indent=2))
    else:
        with printing() as console:
            console.print(log_report(history, doubts))
    return 0
