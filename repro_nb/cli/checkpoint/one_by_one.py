"""One thing that is done to several checkpoints: what fails is told, and the others are seen to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from repro_nb.errors import ReproError
from repro_nb.pages.one_line import one_line, unbroken

__all__ = ["OneByOne"]


class OneByOne:
    """The results of doing one thing to several checkpoints.

    Attributes:
        results: What is told of each as JSON, in the order in which they were seen to.
        exit_code: 0, or the highest of the errors'.
    """

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.exit_code = 0

    @contextmanager
    def attempt(self, path: object) -> Iterator[None]:
        """Do it to one; an error is told on standard error, and becomes the result.

        Args:
            path: The checkpoint, as the user named it; no secret of an address is told.
        """
        from repro_nb.checkpoints.remote import shown  # noqa: PLC0415 - slow

        try:
            yield
        except ReproError as error:
            self.exit_code = max(self.exit_code, error.exit_code)
            name = shown(str(path))
            self.results.append(
                {
                    "status": "error",
                    "checkpoint": name,
                    "error": error.message,
                    "hint": error.hint,
                }
            )
            click.echo(
                f"error: {one_line(error.where or name)}: {unbroken(error.message)}", err=True
            )
            if error.hint:
                click.echo(error.hint, err=True)
