"""``repro-nb checkpoint report``: verify a registry, and write the result as one file."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

from repro_nb.cli.checkpoint.registry import as_json_option, exit_code, verifier_for

__all__ = ["report"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint report checkpoints.html
  repro-nb checkpoint report reports/checkpoints.md experiments/"""
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.argument("directory", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@as_json_option
def report(file: Path, directory: Path, *, as_json: bool) -> int:
    """Verify all checkpoints in the registry of DIR, and write a report to FILE: .md, .html or .json.

    It exits as `verify` does.
    """
    from repro_nb.checkpoints.report.exporting import write_report  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_wording import headline  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    with watching_bytes() as progress:
        found = write_report(file, partial(verifier_for(directory).report, progress=progress))
    code = exit_code([found])
    if as_json:
        result = {"status": "ok" if code == 0 else "failed", "report": str(file)}
        click.echo(
            json.dumps({"schema": "repro_nb/checkpoint-report/1", "results": [result]}, indent=2)
        )
    else:
        click.echo(f"{file}: {headline(found)}")
    return code
