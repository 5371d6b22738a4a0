"""Where the command line prints and writes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from repro_nb.errors import UsageError
from repro_nb.files import write_atomically

__all__ = ["printing", "write_report"]

_PIPE_WIDTH = 120
"""Columns of a report that goes to a file or a pipe, whose reader has no width."""


@contextmanager
def printing() -> Iterator[Console]:
    """Standard output; plain text without blanks at line ends where it is no terminal."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    if console.is_terminal:
        yield console
        return
    with console.capture() as capture:
        yield console
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def write_report(path: Path, content: str) -> None:
    """Writes a report file.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        write_atomically(path, content.encode("utf-8", "backslashreplace"))
    except OSError as problem:
        raise UsageError(
            f"the report cannot be written: {problem.strerror or problem}", where=str(path)
        ) from problem
