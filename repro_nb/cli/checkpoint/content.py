"""``repro-nb checkpoint content``: a digest of what a checkpoint holds, and the table of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.pages.readable import readable

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
@click.argument("paths", type=CheckpointPath(exists=True), nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--algorithm", default="sha256", metavar="NAME", show_default=True, help="Hash algorithm."
)
@click.option("--rows", is_flag=True, help="Show each tensor and value too.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
def content(paths: tuple[str | Path, ...], *, algorithm: str, rows: bool, as_json: bool) -> int:
    """Print a digest of the tensors and values in a checkpoint: the same for the same contents in every format.

    Nothing in it is executed.
    """
    from repro_nb.checkpoints.content import content_digest  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.remote import shown  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.diff_contract import content_envelope  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    with watching_bytes() as progress:
        found = [(shown(path), content_digest(path, algorithm, progress)) for path in paths]
    if as_json:
        envelopes = [content_envelope(path, each) for path, each in found]
        results = [result for envelope in envelopes for result in envelope["results"]]
        click.echo(json.dumps({"schema": envelopes[0]["schema"], "results": results}, indent=2))
        return 0
    for path, each in found:
        click.echo(f"{each}  {readable(path)}")
        if rows:
            with printing() as console:
                console.print(_table(each))
    return 0


def _table(found: ContentDigest) -> Table:
    from rich.table import Table  # noqa: PLC0415 - slow
    from rich.text import Text  # noqa: PLC0415 - slow

    table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
    for name in ("tensor or value", "kind", "type", "shape", "digest"):
        table.add_column(name, overflow="fold")
    for row in found.rows:
        shape = f"[{', '.join(map(str, row.shape))}]" if row.dtype else ""
        cells = (row.name, row.kind, row.dtype, shape, row.digest[:16])
        table.add_row(*(Text(readable(cell)) for cell in cells))
    return table
