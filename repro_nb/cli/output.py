"""Where the command line prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

__all__ = ["printing"]

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
