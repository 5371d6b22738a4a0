"""Arguments that name checkpoints, and arguments that name files of this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from repro_nb.errors import UsageError

__all__ = ["CheckpointPath", "LocalPath"]


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
        from repro_nb.checkpoints.names import check_not_empty  # noqa: PLC0415 - slow
        from repro_nb.checkpoints.remote import is_remote  # noqa: PLC0415 - slow

        check_not_empty(value)
        if is_remote(value):
            return str(value)
        path = super().convert(value, param, ctx)
        return Path(os.fsdecode(path))


class LocalPath(click.Path):
    """A path of this machine as a `Path`: an address is refused, and not taken for a folder called ``http:``.

    Args:
        exists: Whether it must lead to something.
        file_okay: Whether that may be a file.
        dir_okay: Whether that may be a folder.
    """

    def __init__(
        self, *, exists: bool = False, file_okay: bool = True, dir_okay: bool = True
    ) -> None:
        super().__init__(exists=exists, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """What was given."""
        from repro_nb.checkpoints.names import check_not_empty  # noqa: PLC0415 - slow
        from repro_nb.checkpoints.remote import is_remote, shown  # noqa: PLC0415 - slow

        check_not_empty(value)
        if is_remote(value):
            raise UsageError(
                "this works on local files alone, and here is an address",
                where=shown(value),
                hint="Fetch it first, and give the path of the copy.",
            )
        return Path(os.fsdecode(super().convert(value, param, ctx)))
