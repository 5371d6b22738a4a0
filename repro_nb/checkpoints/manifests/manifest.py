"""What a manifest holds, whatever form it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from repro_nb.checkpoints.opening import open_regular
from repro_nb.errors import CheckpointError, UsageError

__all__ = ["MOST_BYTES", "Form", "IntegrityManifest", "form_named", "read_manifest_file"]

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of a manifest: more than a million files."""


class Form(StrEnum):
    """How a manifest is written."""

    SHA256SUMS = "sha256sums"
    """One line a file, for ``sha256sum -c`` and its siblings."""
    OMS = "oms"
    """The in-toto statement of model signing 1.0, as it is signed."""


@dataclass(frozen=True, kw_only=True)
class IntegrityManifest:
    """An integrity manifest.

    Attributes:
        path: Where it is written.
        form: How it is written.
        algorithm: Name of the hash algorithm.
        digests: The digest of each file by its name, relative to the folder, with ``/``.
    """

    path: Path
    form: Form
    algorithm: str
    digests: Mapping[str, str]


def form_named(name: str) -> Form:
    """The form called `name`.

    Raises:
        UsageError: There is none.
    """
    try:
        return Form(name)
    except ValueError as error:
        known = ", ".join(Form)
        raise UsageError(
            f"there is no form of manifests called {name!r}", hint=f"Use one of {known}."
        ) from error


def read_manifest_file(path: Path) -> bytes:
    """The content of a manifest's file.

    Raises:
        CheckpointError: It cannot be read, is no regular file, or is too long to be a manifest.
    """
    with open_regular(path) as file:
        if file.size > MOST_BYTES:
            raise CheckpointError(
                f"has {file.size:,} bytes, more than a manifest has", where=str(path)
            )
        content = bytearray(file.size)
        file.read_at(memoryview(content), 0)
        file.check_unchanged()
    return bytes(content)
