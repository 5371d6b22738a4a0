"""``repro-nb show``: a recording, legibly."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["show"]


@click.command(
    epilog="""\b
Example:
  repro-nb show study.repro.json"""
)
@click.argument("path", type=click.Path(path_type=Path), metavar="NAME.repro.json")
@click.option("--outputs", is_flag=True, help="Show the text of the recorded outputs too.")
def show(path: Path, *, outputs: bool) -> int:
    """Print a recording: its cells, what they drew, and the environment."""
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.recording.store import read_recording, recording_path  # noqa: PLC0415 - slow
    from repro_nb.rerun.report.recording_view import recording_report  # noqa: PLC0415 - slow

    path = recording_path(path) if path.suffix == ".ipynb" else path
    recording = read_recording(path)
    with printing() as console:
        console.print(recording_report(recording, outputs=outputs))
    return 0
