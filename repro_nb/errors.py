"""The typed errors of the package: what happened, where, and what to do next."""

from __future__ import annotations

__all__ = [
    "CellTimeoutError",
    "CheckpointError",
    "FileChangedError",
    "KernelDiedError",
    "KernelUnavailableError",
    "NotebookError",
    "RandomStateError",
    "RecordingError",
    "RegistryError",
    "ReproError",
    "SignatureError",
    "UnsafeCheckpointError",
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


class CheckpointError(ReproError):
    """A checkpoint that cannot be read, or is not what its format asks for."""


class UnsafeCheckpointError(CheckpointError):
    """A checkpoint that would run code, or ask for more memory than its size allows, if it were loaded."""


class FileChangedError(CheckpointError):
    """A file that was written, cut, grown or replaced while it was read."""

    exit_code = 3


class RegistryError(ReproError):
    """A registry of checkpoints that cannot be read or written."""


class SignatureError(ReproError):
    """A key that cannot be used, or a signature that cannot be made or read."""


class KernelUnavailableError(ReproError):
    """No kernel could be started: kernelspec missing, or the process ended at once."""

    exit_code = 3


class KernelDiedError(ReproError):
    """The kernel's process ended while it ran a cell."""

    exit_code = 3


class CellTimeoutError(ReproError):
    """A cell, or the whole notebook, ran longer than it was given."""

    exit_code = 3
