"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["output_options"]

Command = Callable[..., Any]


def output_options(thing: str) -> Callable[[Command], Command]:
    """``--json``, ``--html FILE`` and ``--markdown FILE`` for a command whose result is called `thing`."""

    def decorate(command: Command) -> Command:
        for option in reversed(_options(thing)):
            command = option(command)
        return command

    return decorate


def _options(thing: str) -> tuple[Callable[[Command], Command], ...]:
    file = click.Path(path_type=Path)
    return (
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="Print JSON, and nothing else, to standard output.",
        ),
        click.option(
            "--html", type=file, metavar="FILE", help=f"Write the {thing} as one HTML page."
        ),
        click.option(
            "--markdown", type=file, metavar="FILE", help=f"Write the {thing} as Markdown."
        ),
    )
