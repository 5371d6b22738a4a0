"""The typed errors of the package: what happened, where, and what to do next."""

from __future__ import annotations

__all__ = [
    "CellTimeoutError",
    "KernelDiedError",
    "KernelUnavailableError",
    "NotebookError",
    "RandomStateError",
    "RecordingError",
    "ReproError",
    "UsageError",
]


class ReproError(Exception):
    """Base of every error that repro_nb raises on purpose.

    Args:
        message: What happened, as one sentence.
        where: The file, cell or setting it happened in.
        hint: What the user can do next.

    Attributes:
        exit_code: What the command line exits with when this error ends it.
    """

    exit_code = 2

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n{self.hint}" if self.hint else text


class UsageError(ReproError):
    """An argument, option or setting that cannot be used."""


class NotebookError(ReproError):
    """A file that cannot be read, or that is no notebook."""


class RecordingError(ReproError):
    """A recording (``NAME.repro.json``) that cannot be read or written."""


class RandomStateError(ReproError):
    """A random state that cannot be read, or that does not fit what it shall be put into."""


class KernelUnavailableError(ReproError):
    """No kernel could be started: kernelspec missing, or the process ended at once."""

    exit_code = 3


class KernelDiedError(ReproError):
    """The kernel's process ended while it ran a cell."""

    exit_code = 3


class CellTimeoutError(ReproError):
    """A cell, or the whole notebook, ran longer than it was given."""

    exit_code = 3
