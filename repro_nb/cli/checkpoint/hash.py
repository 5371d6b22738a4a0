"""``repro-nb checkpoint hash``: the digest of files and folders."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

import click

from repro_nb.cli.checkpoint.one_by_one import OneByOne
from repro_nb.cli.checkpoint.registry import as_json_option
from repro_nb.errors import UsageError
from repro_nb.pages.one_line import one_line

if TYPE_CHECKING:
    from repro_nb.checkpoints.algorithms import Algorithm
    from repro_nb.checkpoints.progress import ByteProgress
    from repro_nb.checkpoints.trees import Measured
    from repro_nb.checkpoints.verdicts import Damage

__all__ = ["hash_"]

_MOST_SHOWN = 20


@click.command(
    "hash",
    epilog="""\b
Examples:
  repro-nb checkpoint hash model.safetensors
  repro-nb checkpoint hash sharded/ --algorithm blake3
  repro-nb checkpoint hash model.pth --expected sha256:9f86d081…
  repro-nb checkpoint hash s3://bucket/model.pth""",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--algorithm",
    default="sha256",
    metavar="NAME",
    show_default=True,
    help="sha256, sha512, blake2b, blake3 (fast), xxh3 (against accidental change only) or md5.",
)
@click.option("--expected", metavar="DIGEST", help="Exit with 1 where the digest is another one.")
@as_json_option
def hash_(paths: tuple[str, ...], *, algorithm: str, expected: str | None, as_json: bool) -> int:
    """Print the digest of checkpoints: files, folders, or addresses such as s3://bucket/model.pth.

    That of a file is what sha256sum and its siblings print; that of a folder covers the name, size and digest of each
    file. Shards that are missing or too many are named, and it exits with 1. One that cannot be read is told, and the
    others are hashed; it then exits with 2.
    """
    from repro_nb.checkpoints.algorithms import algorithm_named  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.expected import parse_expected  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.names import check_not_empty  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.remote import check_no_etag  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.hash_contract import measured_json  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    chosen, digest = algorithm_named(algorithm), None
    if expected is not None:
        if len(paths) > 1:
            raise UsageError("--expected is for one checkpoint")
        check_no_etag(expected)
        chosen, digest = parse_expected(expected, algorithm)
    each_one = OneByOne()
    for path in paths:
        with each_one.attempt(path):
            check_not_empty(path)
            with watching_bytes() as progress:
                found, wrong = _measured(path, chosen, progress)
            each_one.results.append(measured_json(path, found, chosen, wrong, digest))
            if not as_json:
                _print(path, found, chosen, wrong, digest)
    if as_json:
        envelope = {"schema": "repro_nb/checkpoint-hash/1", "results": each_one.results}
        click.echo(json.dumps(envelope, indent=2))
    good = all(result["status"] == "ok" for result in each_one.results)
    return each_one.exit_code or (0 if good else 1)


def _measured(
    path: str, algorithm: Algorithm, progress: ByteProgress
) -> tuple[Measured, tuple[Damage, ...]]:
    """The digests of a checkpoint, and the shards that are missing or too many."""
    from repro_nb.checkpoints.measuring import measure  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.remote import is_remote  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.shard_index import index_problems  # noqa: PLC0415 - slow

    found = measure(path, algorithm, progress=progress)
    return found, () if is_remote(path) else index_problems(path)


def _print(
    path: str,
    found: Measured,
    algorithm: Algorithm,
    problems: tuple[Damage, ...],
    expected: str | None,
) -> None:
    from repro_nb.checkpoints.algorithms import Strength  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.wording import plural  # noqa: PLC0415 - slow

    weak = algorithm.strength is not Strength.CRYPTOGRAPHIC
    notes = [
        *([plural(len(found.rows), "file")] if found.kind == "directory" else ()),
        *([algorithm.strength.value] if weak else ()),
    ]
    note = f"  ({'; '.join(notes)})" if notes else ""
    click.echo(f"{algorithm.name}:{found.digest}  {one_line(path)}{note}")
    if expected is not None and not hmac.compare_digest(expected, found.digest):
        click.echo(f"  not the digest that is expected: {expected}", err=True)
    for each in problems[:_MOST_SHOWN]:
        click.echo(f"  {each.verdict.value:10}  {one_line(each.file)}", err=True)
    if len(problems) > _MOST_SHOWN:
        click.echo(f"  … and {len(problems) - _MOST_SHOWN:,} more", err=True)
