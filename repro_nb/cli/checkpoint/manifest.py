"""``repro-nb checkpoint manifest``: the digest of each file of a folder, in a form that other programs verify too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_nb.cli.checkpoint.path_type import LocalPath
from repro_nb.cli.checkpoint.registry import as_json_option
from repro_nb.pages.one_line import one_line

if TYPE_CHECKING:
    from repro_nb.checkpoints.verdicts import Verification

__all__ = ["manifest"]

_MOST_SHOWN = 50


@click.group()
def manifest() -> None:
    """Write and verify manifests: SHA256SUMS and its siblings, and statements of model signing."""


@manifest.command(
    epilog="""\b
Examples:
  repro-nb checkpoint manifest create model/
  repro-nb checkpoint manifest create model/ --algorithm blake3
  repro-nb checkpoint manifest create model/ --form oms"""
)
@click.argument("directory", type=LocalPath(), metavar="DIR")
@click.option(
    "--output",
    type=LocalPath(dir_okay=False),
    metavar="FILE",
    help="Where it goes. [default: SHA256SUMS, or what the algorithm's program calls it, in DIR]",
)
@click.option(
    "--algorithm", default="sha256", metavar="NAME", show_default=True, help="Hash algorithm."
)
@click.option(
    "--form",
    type=click.Choice(["sha256sums", "oms"]),
    default="sha256sums",
    show_default=True,
    help="Lines for `sha256sum -c`, or the statement that model signing signs.",
)
@as_json_option
def create(
    directory: Path, *, output: Path | None, algorithm: str, form: str, as_json: bool
) -> int:
    """Write down the digest of each file of a folder."""
    from repro_nb.checkpoints.manifests import create_integrity_manifest  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.hash_contract import created_json  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.wording import plural  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    with watching_bytes() as progress:
        made = create_integrity_manifest(
            directory, output, algorithm=algorithm, form=form, progress=progress
        )
    if as_json:
        _print_json("create", [created_json(made)])
    else:
        click.echo(f"{one_line(made.path)}: {plural(len(made.digests), 'file')}, {made.algorithm}")
    return 0


@manifest.command(
    epilog="""\b
Examples:
  repro-nb checkpoint manifest verify model/SHA256SUMS
  repro-nb checkpoint manifest verify downloads/SHA256SUMS model/"""
)
@click.argument("file", type=LocalPath(), metavar="FILE")
@click.argument("directory", type=LocalPath(), required=False, metavar="[DIR]")
@as_json_option
def verify(file: Path, directory: Path | None, *, as_json: bool) -> int:
    """Verify a folder against a manifest: each file that it names, and that there is no other one.

    DIR is the folder that the manifest lies in, unless it is given. It exits with 1 where anything differs.
    """
    from repro_nb.checkpoints.manifests import verify_integrity_manifest  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.hash_contract import verified_json  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    with watching_bytes() as progress:
        found = verify_integrity_manifest(file, directory, progress=progress)
    if as_json:
        _print_json("verify", [verified_json(each) for each in found])
    else:
        _print(found)
    return 0 if all(found) else 1


def _print(found: tuple[Verification, ...]) -> None:
    from repro_nb.checkpoints.wording import plural  # noqa: PLC0415 - slow

    bad = [each for each in found if not each]
    for each in bad[:_MOST_SHOWN]:
        click.echo(f"{each.verdict.value:10}  {one_line(each.name)}: {each.reason}")
    if len(bad) > _MOST_SHOWN:
        click.echo(f"… and {len(bad) - _MOST_SHOWN:,} more")
    click.echo(
        f"{len(found) - len(bad):,} of {plural(len(found), 'file')} are as the manifest says"
    )


def _print_json(action: str, results: list[dict[str, Any]]) -> None:
    envelope = {"schema": f"repro_nb/checkpoint-manifest-{action}/1", "results": results}
    click.echo(json.dumps(envelope, indent=2))
