"""``repro-nb deterministic``: the settings of a process of this environment."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from repro_nb.errors import UsageError

if TYPE_CHECKING:
    from repro_nb.deterministic import KnobStatus

__all__ = ["deterministic"]

_FRAMEWORKS = ("torch", "jax", "tensorflow")


@click.command(
    epilog="""\b
Examples:
  repro-nb deterministic --status
  repro-nb deterministic --status --import torch --json"""
)
@click.option("--status", is_flag=True, help="Show the settings.")
@click.option(
    "--import",
    "modules",
    metavar="NAMES",
    help="What to import first, separated by commas. [default: torch, jax and tensorflow, if installed]",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
@click.pass_context
def deterministic(
    context: click.Context, *, status: bool, modules: str | None, as_json: bool
) -> int:
    """Show what decides whether results repeat, as a fresh process of this environment has it.

    Each setting is shown with its value, whether deterministic mode would leave it so, and when a change takes effect:
    live (at once), needs-restart (in a process started with it), or too-late (a device is initialised).
    """
    if not status:
        click.echo(context.get_help())
        return 0
    from repro_nb.deterministic import get_deterministic_status  # noqa: PLC0415 - not needed for help

    imported = _import(_installed() if modules is None else modules.split(","))
    settings = get_deterministic_status().values()
    if as_json:
        _print_json(settings, imported)
    else:
        _print_table(settings, imported)
    return 0


def _installed() -> list[str]:
    return [name for name in _FRAMEWORKS if importlib.util.find_spec(name)]


def _import(names: Sequence[str]) -> list[str]:
    """Imports what is named, for its settings exist only then: this process does nothing else, so it harms nobody."""
    stripped = [name.strip() for name in names]
    for name in stripped:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise UsageError(f"{name!r} cannot be imported: {error}", where="--import") from error
    return stripped


def _print_json(settings: Iterable[KnobStatus], imported: Sequence[str]) -> None:
    results = [
        {
            "name": setting.name,
            "value": setting.value,
            "settled": setting.settled,
            "when": setting.when.value,
            "purpose": setting.purpose,
        }
        for setting in settings
    ]
    envelope = {"schema": "repro_nb/deterministic/1", "imported": imported, "results": results}
    click.echo(json.dumps(envelope, indent=2, default=str))


def _print_table(settings: Iterable[KnobStatus], imported: Sequence[str]) -> None:
    from rich.table import Table  # noqa: PLC0415 - slow
    from rich.text import Text  # noqa: PLC0415 - slow

    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow

    table = Table("setting", "value", "as wanted", "takes effect", box=None)
    verdicts = {True: "yes", False: "no", None: "-"}
    for setting in settings:
        value = "not set" if setting.value is None else str(setting.value)
        verdict = verdicts[setting.settled]
        name = f"{setting.name}\n  {setting.purpose}"
        cells = (name, value, verdict, setting.when.value)
        table.add_row(*(Text(cell) for cell in cells))
    with printing() as console:
        console.print(f"A fresh process with {', '.join(imported) or 'no framework'} imported:\n")
        console.print(table)
