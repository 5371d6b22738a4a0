"""``repro-nb checkpoint register``: keep what a checkpoint is now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.cli.checkpoint.registry import (
    as_json_option,
    grouped,
    registry_option,
    verifier_for,
)
from repro_nb.errors import UsageError
from repro_nb.pages.readable import readable

__all__ = ["register"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint register model.pth
  repro-nb checkpoint register epoch-4.safetensors --note "lower rate" --set epoch=4 --parent epoch-3.safetensors
  repro-nb checkpoint register sharded/ --algorithm blake3"""
)
@click.argument("paths", type=CheckpointPath(exists=True), nargs=-1, required=True, metavar="PATH…")
@registry_option
@click.option(
    "--algorithm", default="sha256", metavar="NAME", show_default=True, help="Hash algorithm."
)
@click.option("--note", default="", metavar="TEXT", help="What is to be remembered, in words.")
@click.option(
    "--set",
    "facts",
    multiple=True,
    metavar="NAME=VALUE",
    help="What is to be remembered; VALUE is JSON, or else a text. May be given several times.",
)
@click.option(
    "--parent",
    type=CheckpointPath(),
    metavar="PATH",
    help="The registered checkpoint that it was made from.",
)
@as_json_option
def register(
    paths: tuple[str | Path, ...],
    *,
    registry: Path | None,
    algorithm: str,
    note: str,
    facts: tuple[str, ...],
    parent: str | Path | None,
    as_json: bool,
) -> int:
    """Register checkpoints, files, folders or addresses, as they are now, in checkpoints.repro.jsonl.

    Commit that file: `verify` tells later whether each is still the same, and if not, which bytes and tensors are not.
    """
    from repro_nb.checkpoints.provenance import code_provenance  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    metadata = dict(map(_fact, facts))
    results: list[dict[str, Any]] = []
    with watching_bytes() as progress:
        for folder, group in grouped(paths, registry).items():
            verifier = verifier_for(folder, algorithm)
            for path in group:
                verifier.register_checkpoint(
                    path,
                    metadata,
                    note=note,
                    parent=parent.absolute() if isinstance(parent, Path) else parent,
                    provenance=code_provenance(verifier.directory),
                    progress=progress,
                )
                results.append(_result(verifier.log(path)[-1], folder))
                if not as_json:
                    _print(results[-1])
    if as_json:
        envelope = {"schema": "repro_nb/checkpoint-register/1", "results": results}
        click.echo(json.dumps(envelope, indent=2))
    return 0


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError("give it as NAME=VALUE", where=f"--set {text}")
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def _result(registration: Any, folder: Path) -> dict[str, Any]:
    from repro_nb.checkpoints.report.verify_contract import registration_json  # noqa: PLC0415 - slow

    return {"status": "ok", "registry": str(folder), **registration_json(registration)}


def _print(result: dict[str, Any]) -> None:

    click.echo(f"{result['algorithm']}:{result['digest']}  {readable(result['checkpoint'])}")
    content = result["content"]
    if content and content["problem"]:
        click.echo(f"  its contents are not kept: {readable(content['problem'])}", err=True)
