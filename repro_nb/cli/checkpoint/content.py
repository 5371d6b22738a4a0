"""``repro-nb checkpoint content``: a digest of what a checkpoint holds, and the table of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro_nb.cli.checkpoint.one_by_one import OneByOne
from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.pages.one_line import one_line

if TYPE_CHECKING:
    from rich.table import Table

    from repro_nb.checkpoints.content import ContentDigest

__all__ = ["content"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint content model.pt
  repro-nb checkpoint content model.safetensors --algorithm blake3
  repro-nb checkpoint content model/ --rows"""
)
@click.argument("paths", type=CheckpointPath(), nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--algorithm", default="sha256", metavar="NAME", show_default=True, help="Hash algorithm."
)
@click.option("--rows", is_flag=True, help="Show each tensor and value too.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
def content(paths: tuple[str | Path, ...], *, algorithm: str, rows: bool, as_json: bool) -> int:
    """Print a digest of the tensors and values in a checkpoint: the same for the same contents in every format.

    Nothing in it is executed. One that cannot be read is told, and the others are seen to; it then exits with 2.
    """
    from repro_nb.checkpoints.content import content_digest  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.remote import shown  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.diff_contract import content_envelope  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    each_one = OneByOne()
    for path in paths:
        with each_one.attempt(path):
            with watching_bytes() as progress:
                found = content_digest(path, algorithm, progress)
            each_one.results += content_envelope(shown(path), found)["results"]
            if not as_json:
                click.echo(f"{found}  {one_line(shown(path))}")
            if rows and not as_json:
                with printing() as console:
                    console.print(_table(found))
    if as_json:
        envelope = {"schema": "repro_nb/checkpoint-content/1", "results": each_one.results}
        click.echo(json.dumps(envelope, indent=2))
    return each_one.exit_code


def _table(found: ContentDigest) -> Table:
    from rich.table import Table  # noqa: PLC0415 - slow
    from rich.text import Text  # noqa: PLC0415 - slow

    table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
    for name in ("tensor or value", "kind", "type", "shape", "digest"):
        table.add_column(name, overflow="fold")
    for row in found.rows:
        shape = f"[{', '.join(map(str, row.shape))}]" if row.dtype else ""
        cells = (one_line(row.name), row.kind, row.dtype, shape, row.digest[:16])
        table.add_row(*(Text(cell) for cell in cells))
    return table
