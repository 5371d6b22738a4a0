"""``repro-nb checkpoint register``: keep what a checkpoint is now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from repro_nb.cli.checkpoint.one_by_one import OneByOne
from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.cli.checkpoint.registry import (
    as_json_option,
    grouped,
    registry_option,
    verifier_for,
)
from repro_nb.errors import CheckpointError, UsageError
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["register"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint register model.pth
  repro-nb checkpoint register epoch-4.safetensors --note "lower rate" --set epoch=4 --parent epoch-3.safetensors
  repro-nb checkpoint register sharded/ --algorithm blake3"""
)
@click.argument("paths", type=CheckpointPath(), nargs=-1, required=True, metavar="PATH…")
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
    One that cannot be registered is told, and the others are; it then exits with 2.
    """
    from repro_nb.checkpoints.algorithms import Strength, algorithm_named  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.names import REGISTRY  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.provenance import code_provenance  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    chosen = algorithm_named(algorithm)
    if chosen.strength is Strength.ACCIDENTAL:
        click.echo(f"warning: {chosen.name} protects from accidents alone", err=True)
    metadata = dict(map(_fact, facts))
    ancestor = parent.absolute() if isinstance(parent, Path) else parent
    each_one = OneByOne()
    for folder, group in grouped(_without_registries(paths), registry).items():
        for path in group:
            with each_one.attempt(_as_named(path)), watching_bytes() as progress:
                verifier = verifier_for(folder, chosen.name)
                _check_there(path)
                new = not (folder / REGISTRY).exists()
                verifier.register_checkpoint(
                    path,
                    metadata,
                    note=note,
                    parent=ancestor,
                    provenance=code_provenance(verifier.directory),
                    progress=progress,
                )
                each_one.results.append(_result(verifier.log(path)[-1], folder))
                _tell(each_one.results[-1], folder / REGISTRY if new else None, as_json=as_json)
    if as_json:
        envelope = {"schema": "repro_nb/checkpoint-register/1", "results": each_one.results}
        click.echo(json.dumps(envelope, indent=2))
    return each_one.exit_code


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


def _without_registries(paths: Iterable[str | Path]) -> list[str | Path]:
    """What may be registered: ``register *`` brings the registry's own files too."""
    from repro_nb.checkpoints.names import REGISTRY  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.older_registry import OLDER  # noqa: PLC0415 - slow

    kept: list[str | Path] = []
    for path in paths:
        if isinstance(path, Path) and path.name in (REGISTRY, OLDER):
            click.echo(f"{one_line(path)}: passed over, it is a registry itself", err=True)
        else:
            kept.append(path)
    if not kept:
        raise UsageError("the registry itself is no checkpoint: nothing was registered")
    return kept


def _check_there(path: str | Path) -> None:
    if isinstance(path, Path) and not os.path.lexists(path):
        raise CheckpointError("there is no such file or folder", where=str(_as_named(path)))


def _as_named(path: str | Path) -> str | Path:
    """A path as the user sees it: relative to the current folder where it lies in it."""
    here = Path.cwd()
    return path.relative_to(here) if isinstance(path, Path) and path.is_relative_to(here) else path


def _tell(result: dict[str, Any], made: Path | None, *, as_json: bool) -> None:
    """Say what was registered, and which registry was made for it."""
    if not as_json:
        click.echo(f"{result['algorithm']}:{result['digest']}  {one_line(result['checkpoint'])}")
    content = result["content"]
    if not as_json and content and content["problem"]:
        click.echo(f"  its contents are not kept: {unbroken(content['problem'])}", err=True)
    if made is not None:
        click.echo(f"a new registry was made, to be committed: {one_line(made)}", err=True)
