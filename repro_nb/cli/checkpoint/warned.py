"""Warnings of ours as plain lines."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["PlainWarnings"]


class PlainWarnings(click.Group):
    """A group of commands that print our warnings as ``warning: …`` on standard error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        from repro_nb.checkpoints.warning import told_plainly  # noqa: PLC0415 - slow

        with told_plainly(lambda text: click.echo(f"warning: {text}", err=True)):
            return super().invoke(ctx)
