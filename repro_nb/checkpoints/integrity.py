"""The digest of a checkpoint, and whether it has the one that is expected."""

from __future__ import annotations

import hmac
import os
import warnings
from pathlib import Path, PurePosixPath

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.expected import parse_expected
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.names import check_not_empty
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.remote import check_no_etag, is_remote
from repro_nb.checkpoints.shard_index import index_problems
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.checkpoints.warning import warn_of_weakness
from repro_nb.checkpoints.wording import listed
from repro_nb.errors import CheckpointError, FileChangedError

__all__ = [
    "IncompleteCheckpointWarning",
    "compute_checkpoint_hash",
    "verify_checkpoint_integrity",
    "warn_of_shards",
]


class IncompleteCheckpointWarning(UserWarning):
    """A checkpoint in several files lacks some, or has too many, by what it says itself."""


def compute_checkpoint_hash(
    path: str | os.PathLike[str],
    algorithm: str = "sha256",
    *,
    progress: ByteProgress | None = None,
) -> str:
    """The digest of a checkpoint.

    That of a file is what ``sha256sum`` and its siblings print. That of a folder is the digest over the name, size and
    digest of each of its files; where shards are missing or too many, a warning names them.

    Args:
        path: A file, a folder, or an address such as ``s3://bucket/model.pth``.
        algorithm: ``sha256``, ``sha512``, ``blake2b``, ``blake3`` (the fastest that protects from an attacker),
            ``xxh3`` (against accidental change only), or ``md5`` (broken; warns).
        progress: Hears how it goes on.

    Returns:
        The digest in hexadecimal digits.

    Raises:
        CheckpointError: It is not there, cannot be read, or holds what cannot be hashed.
        FileChangedError: It was written meanwhile.
        UsageError: `path` is empty, there is no such algorithm, or its package is not installed.
    """
    check_not_empty(path)
    chosen = algorithm_named(algorithm)
    warn_of_weakness(chosen)
    digest = measure(path, chosen, progress=progress).digest
    warn_of_shards(path)
    return digest


def verify_checkpoint_integrity(
    path: str | os.PathLike[str],
    expected_hash: str,
    algorithm: str = "sha256",
    *,
    progress: ByteProgress | None = None,
) -> Verification:
    """Whether a checkpoint has the digest that is expected; the result is true only if it has.

    Args:
        path: A file, a folder, or an address such as ``s3://bucket/model.pth``.
        expected_hash: The whole digest in hexadecimal digits, with or without ``sha256:`` before it.
        algorithm: Name of the hash algorithm, where `expected_hash` does not name it.
        progress: Hears how hashing goes on.

    Raises:
        FileChangedError: It was written meanwhile, and so cannot be judged.
        UsageError: `path` is empty, `expected_hash` is no whole digest, there is no such algorithm, or its package is
            not installed.
    """
    check_not_empty(path)
    check_no_etag(expected_hash)
    chosen, expected = parse_expected(expected_hash, algorithm)
    warn_of_weakness(chosen)
    verdict, reason, actual = Verdict.OK, f"its {chosen.name} is the one that is expected", ""
    try:
        actual = measure(path, chosen, progress=progress).digest
    except FileChangedError:
        raise
    except CheckpointError as error:
        gone = not is_remote(path) and not os.path.lexists(path)
        verdict = Verdict.MISSING if gone else Verdict.UNREADABLE
        reason = error.message
    else:
        if not hmac.compare_digest(actual, expected):
            verdict, reason = Verdict.MISMATCH, f"its {chosen.name} is another one"
    return Verification(
        name=_name(path),
        verdict=verdict,
        reason=reason,
        algorithm=chosen.name,
        expected=expected,
        actual=actual,
    )


def warn_of_shards(path: str | os.PathLike[str], *, stacklevel: int = 3) -> None:
    """Warn of the shards that a checkpoint lacks, or has too many, by what it says itself.

    Args:
        path: The checkpoint; nothing is asked of what lies elsewhere.
        stacklevel: As in `warnings.warn`, seen from here: 2 is who calls this function, 3 its caller.

    Raises:
        CheckpointError: What names the shards cannot be read, or names one outside of the folder.
    """
    problems = () if is_remote(path) else index_problems(path)
    if problems:
        told = listed([f"{each.file} ({each.verdict.value})" for each in problems])
        warnings.warn(f"{path}: {told}", IncompleteCheckpointWarning, stacklevel=stacklevel)


def _name(path: str | os.PathLike[str]) -> str:
    name = PurePosixPath(str(path)).name if is_remote(path) else Path(path).name
    return name or str(path)
