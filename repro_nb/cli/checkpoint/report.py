"""``repro-nb checkpoint report``: verify a registry, and write the result as one file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from repro_nb.cli.checkpoint.path_type import LocalPath
from repro_nb.cli.checkpoint.registry import (
    as_json_option,
    check_registered,
    exit_code,
    nearest_registry,
    verifier_for,
)
from repro_nb.pages.one_line import one_line

__all__ = ["report"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint report checkpoints.html
  repro-nb checkpoint report reports/checkpoints.md experiments/"""
)
@click.argument("file", type=LocalPath(), metavar="FILE")
@click.argument("directory", type=LocalPath(), required=False, metavar="[DIR]")
@as_json_option
def report(file: Path, directory: Path | None, *, as_json: bool) -> int:
    """Verify all checkpoints in the registry of DIR, and write a report to FILE: .md, .html or .json.

    Without DIR, that is the current folder, or the nearest one above that has a registry. It exits as `verify` does;
    where nothing is registered, nothing is written.
    """
    from repro_nb.checkpoints.report.exporting import write_report  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_wording import headline  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    verifier = verifier_for(nearest_registry(directory))
    with watching_bytes() as progress:
        found = write_report(file, lambda: check_registered(verifier.report(progress=progress)))
    code = exit_code([found])
    if as_json:
        result = {"status": "ok" if code == 0 else "failed", "report": str(file)}
        click.echo(
            json.dumps({"schema": "repro_nb/checkpoint-report/1", "results": [result]}, indent=2)
        )
    else:
        click.echo(f"{one_line(file)}: {headline(found)}")
    return code
