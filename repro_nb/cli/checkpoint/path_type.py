"""Checkpoints as arguments of the command line: paths, or addresses such as ``s3://bucket/model.pth``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

__all__ = ["CheckpointPath"]


class CheckpointPath(click.Path):
    """A path as a `Path`, or an address as it is.

    Args:
        exists: Whether a path must lead to something; what lies elsewhere is not asked for.
    """

    def __init__(self, *, exists: bool = False) -> None:
        super().__init__(exists=exists, path_type=Path)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Path:
        """What was given."""
        from repro_nb.checkpoints.remote import is_remote  # noqa: PLC0415 - slow

        if is_remote(value):
            return str(value)
        path = super().convert(value, param, ctx)
        return Path(os.fsdecode(path))
