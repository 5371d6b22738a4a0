"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["output_options", "run_options", "tolerance_options"]

Command = Callable[..., Any]


def output_options(thing: str) -> Callable[[Command], Command]:
    """``--json``, ``--html FILE`` and ``--markdown FILE`` for a command whose result is called `thing`."""

    def decorate(command: Command) -> Command:
        for option in reversed(_options(thing)):
            command = option(command)
        return command

    return decorate


def run_options(command: Command) -> Command:
    """How notebooks are run: time limits, kernel, isolation."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


_RUN_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.option("--timeout", type=float, metavar="SECONDS", help="Longest time for one cell."),
    click.option(
        "--notebook-timeout",
        type=float,
        metavar="SECONDS",
        help="Longest time for one run of a notebook.",
    ),
    click.option(
        "--kernel", metavar="NAME", help="Kernelspec to run in, instead of the notebook's own."
    ),
    click.option(
        "--in-place/--isolated",
        default=None,
        help="Run in the notebook's own folder, without isolation.",
    ),
)


def tolerance_options(command: Command) -> Command:
    """How outputs are compared."""
    for option in reversed(_TOLERANCE_OPTIONS):
        command = option(command)
    return command


_TOLERANCE_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.option("--rtol", type=float, metavar="X", help="Relative tolerance of numbers."),
    click.option("--atol", type=float, metavar="X", help="Absolute tolerance of numbers."),
    click.option(
        "--exact/--no-exact",
        default=None,
        help="Let only outputs that are the same to the bit agree.",
    ),
)


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
