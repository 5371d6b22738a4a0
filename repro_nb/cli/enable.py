"""``repro-nb enable`` and ``repro-nb disable``: the extension in every kernel of this environment, or no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

__all__ = ["disable", "enable"]

Command = Callable[..., Any]


def _profile_option(command: Command) -> Command:
    text = "IPython profile of the user, instead of this environment."
    return click.option("--profile", metavar="NAME", help=text)(command)


@click.command()
@_profile_option
@click.option("--status", is_flag=True, help="Say whether it is enabled, and change nothing.")
def enable(*, profile: str | None, status: bool) -> int:
    """Load repro_nb in every kernel and IPython shell of this environment.

    One startup file is written: into this environment if it is a virtual one, else into the default IPython profile
    of the user. Kernels that run already are not affected. `repro-nb disable` removes it.
    """
    from repro_nb.install import startup  # noqa: PLC0415 - not needed for help

    path = startup.startup_file(profile)
    if status:
        text = {
            startup.StartupState.ABSENT: f"not enabled: there is no {path}",
            startup.StartupState.OURS: f"enabled by {path}",
            startup.StartupState.CHANGED: f"not known: {path} is not as repro-nb wrote it",
        }
        click.echo(text[startup.startup_state(path)])
    elif startup.enable(path):
        click.echo(f"Wrote {path}\nKernels that start from now on have repro_nb loaded.")
    else:
        click.echo(f"Enabled already, by {path}")
    return 0


@click.command()
@_profile_option
def disable(*, profile: str | None) -> int:
    """Undo what `repro-nb enable` did, and nothing else."""
    from repro_nb.install import startup  # noqa: PLC0415 - not needed for help

    path = startup.startup_file(profile)
    if startup.disable(path):
        click.echo(f"Removed {path}\nKernels that start from now on load repro_nb when asked.")
    else:
        click.echo(f"It was not enabled: there is no {path}")
    return 0
