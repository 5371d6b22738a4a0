"""A checkpoint against what was signed of it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.signing.statement import SINGLE, Statement
from repro_nb.checkpoints.tree_listing import LEFT_OUT
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.checkpoints.verdicts import Damage, Verdict, Verification
from repro_nb.checkpoints.wording import listed, plural

__all__ = ["GIT", "SIGNATURE", "compare", "describe"]

SIGNATURE = "model.sig"
"""What the signature of a folder is called."""

GIT = (".git", ".gitattributes", ".github", ".gitignore")
"""What `model_signing verify` leaves out unless it is told otherwise."""


def describe(
    path: Path,
    signature: Path,
    progress: ByteProgress | None = None,
    *,
    algorithm: str = "sha256",
) -> Statement:
    """What there is to sign of a checkpoint: the digest of each of its files.

    Args:
        path: The checkpoint, a file or a folder.
        signature: Where the signature will be; not part of the checkpoint.
        progress: Hears how hashing goes on.
        algorithm: Name of the hash algorithm of the digests.

    Raises:
        CheckpointError: It cannot be read, or holds what cannot be hashed.
        FileChangedError: It was written meanwhile.
    """
    left_out = {*LEFT_OUT, *GIT, *_own_name(path, signature)} if path.is_dir() else set()
    return Statement(
        subject=path.resolve().name,
        algorithm=algorithm,
        digests=_digests(path, algorithm, left_out, progress),
        left_out=tuple(sorted(left_out)),
    )


def compare(
    path: Path, signature: Path, signed: Statement, progress: ByteProgress | None = None
) -> Verification:
    """Whether a checkpoint is what was signed.

    Args:
        path: The checkpoint, a file or a folder.
        signature: Where the signature is; not part of the checkpoint.
        signed: What was signed; its signature was verified.
        progress: Hears how hashing goes on.

    Raises:
        CheckpointError: It cannot be read, or holds what cannot be hashed.
        FileChangedError: It was written meanwhile.
    """
    left_out = {*signed.left_out, *_own_name(path, signature)}
    found = _digests(path, signed.algorithm, left_out, progress)
    actual = Statement(subject=signed.subject, algorithm=signed.algorithm, digests=found)
    damage = _damage(signed.digests, found)
    return Verification(
        name=path.name or str(path),
        verdict=_verdict(damage),
        reason=_reason(damage, len(found)) + _uncovered(path, signed.left_out),
        algorithm="sha256",
        expected=signed.root,
        actual=actual.root,
        damage=damage,
    )


def _own_name(path: Path, signature: Path) -> tuple[str, ...]:
    """The name of the signature in the checkpoint's folder, if it lies there."""
    folder, own = path.resolve(), signature.resolve()
    return (own.relative_to(folder).as_posix(),) if own.is_relative_to(folder) else ()


def _digests(
    path: Path, algorithm: str, left_out: set[str], progress: ByteProgress | None
) -> dict[str, str]:
    chosen = algorithm_named(algorithm)
    if not path.is_dir():
        return {SINGLE: measure(path, chosen, progress=progress).digest}
    tree = hash_tree(path, chosen, left_out=left_out, progress=progress)
    return {row.name: row.digest for row in tree.rows}


def _damage(signed: Mapping[str, str], found: Mapping[str, str]) -> tuple[Damage, ...]:
    verdicts = {
        **dict.fromkeys(signed.keys() - found.keys(), Verdict.MISSING),
        **dict.fromkeys(found.keys() - signed.keys(), Verdict.EXTRA),
        **{
            name: Verdict.MISMATCH
            for name in signed.keys() & found.keys()
            if not hmac.compare_digest(signed[name], found[name])
        },
    }
    return tuple(
        Damage(file="" if name == SINGLE else name, verdict=verdicts[name])
        for name in sorted(verdicts)
    )


def _verdict(damage: tuple[Damage, ...]) -> Verdict:
    kinds = {each.verdict for each in damage}
    if not kinds:
        return Verdict.OK
    return kinds.pop() if len(kinds) == 1 else Verdict.MISMATCH


def _reason(damage: tuple[Damage, ...], files: int) -> str:
    if not damage:
        return f"the signature is good, and covers {plural(files, 'file')}"
    words = {
        Verdict.MISMATCH: "not what was signed",
        Verdict.MISSING: "missing",
        Verdict.EXTRA: "there, but not signed",
    }
    counts = {kind: sum(each.verdict is kind for each in damage) for kind in words}
    told = [f"{plural(count, 'file')} {words[kind]}" for kind, count in counts.items() if count]
    return f"the signature is good, but: {', '.join(told)}"


def _uncovered(path: Path, left_out: tuple[str, ...]) -> str:
    """What is there, and was left out when it was signed."""
    there = [name for name in left_out if (path / name).exists() and name != SIGNATURE]
    return f"; not covered: {listed(there)}" if there else ""
