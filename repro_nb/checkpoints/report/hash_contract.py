"""Digests and manifests as JSON. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from repro_nb.checkpoints.algorithms import Algorithm
from repro_nb.checkpoints.manifests import IntegrityManifest
from repro_nb.checkpoints.trees import Measured
from repro_nb.checkpoints.verdicts import Damage, Verification

__all__ = ["created_json", "measured_json", "verified_json"]


def measured_json(
    name: str,
    found: Measured,
    algorithm: Algorithm,
    problems: Iterable[Damage],
    expected: str | None,
) -> dict[str, Any]:
    """The digest of one checkpoint.

    Args:
        name: The checkpoint, as the user named it.
        found: Its digests.
        algorithm: How they were made.
        problems: Shards that are missing or too many.
        expected: The digest that it should have; None where none was given.
    """
    told = [{"file": each.file, "verdict": each.verdict.value} for each in problems]
    good = not told and expected in (None, found.digest)
    return {
        "status": "ok" if good else "failed",
        "checkpoint": name,
        "kind": found.kind,
        "algorithm": algorithm.name,
        "strength": algorithm.strength.value,
        "digest": found.digest,
        "expected": expected,
        "size": found.size,
        "files": [{"name": row.name, "size": row.size, "digest": row.digest} for row in found.rows],
        "problems": told,
    }


def created_json(manifest: IntegrityManifest) -> dict[str, Any]:
    """A manifest that was written."""
    return {
        "status": "ok",
        "manifest": str(manifest.path),
        "form": manifest.form.value,
        "algorithm": manifest.algorithm,
        "files": dict(manifest.digests),
    }


def verified_json(found: Verification) -> dict[str, Any]:
    """The result for one file of a manifest."""
    return {
        "status": "ok" if found else "failed",
        "file": found.name,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "algorithm": found.algorithm,
        "expected": found.expected,
        "actual": found.actual,
    }
