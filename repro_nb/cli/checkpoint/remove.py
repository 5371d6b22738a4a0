"""``repro-nb checkpoint remove``: stop verifying a checkpoint."""

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
from repro_nb.pages.one_line import one_line

__all__ = ["remove"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint remove old.pth --note "superseded by new.pth\""""
)
@click.argument("path", type=CheckpointPath(), metavar="PATH")
@registry_option
@click.option("--note", default="", metavar="TEXT", help="Why.")
@as_json_option
def remove(path: str | Path, *, registry: Path | None, note: str, as_json: bool) -> int:
    """Say in the registry that a checkpoint is not registered any more. Its file and its history stay."""
    ((folder, (full,)),) = grouped([path], registry).items()
    verifier = verifier_for(folder)
    if not verifier.remove_checkpoint(full, note=note):
        raise UsageError(f"it is not registered in {folder.resolve()}", where=str(path))
    name = verifier.name_of(full)
    if as_json:
        result = {"status": "ok", "registry": str(folder), "checkpoint": name}
        click.echo(
            json.dumps({"schema": "repro_nb/checkpoint-remove/1", "results": [result]}, indent=2)
        )
    else:
        click.echo(f"{one_line(name)}: not registered any more; its file and its history stay")
    return 0
