"""The in-toto statement of model signing 1.0, not signed yet."""

from __future__ import annotations

from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm, algorithm_named
from repro_nb.checkpoints.signing.statement import SINGLE, parse_statement
from repro_nb.errors import CheckpointError, SignatureError

__all__ = ["FILE_NAME", "parse"]

FILE_NAME = "manifest.intoto.json"
"""What a statement is called."""


def parse(content: bytes, path: Path) -> tuple[Algorithm, dict[str, str]]:
    """The algorithm, and the digest of each file.

    Args:
        content: What is in the manifest.
        path: Where it is, for errors.

    Raises:
        CheckpointError: It is no statement, contradicts itself, or names files outside of the folder.
    """
    try:
        statement = parse_statement(content)
    except SignatureError as error:
        raise CheckpointError(error.message, where=str(path)) from error
    if set(statement.digests) == {SINGLE}:
        raise CheckpointError("is about a single file, and not about a folder", where=str(path))
    return algorithm_named(statement.algorithm), dict(statement.digests)
