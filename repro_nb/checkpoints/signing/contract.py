"""The verification of a signature as JSON."""

from __future__ import annotations

from typing import Any

from repro_nb.checkpoints.verdicts import Verification

__all__ = ["verification_json"]


def verification_json(found: Verification) -> dict[str, Any]:
    """One result of ``repro-nb checkpoint verify-signature --json``."""
    return {
        "status": "ok" if found else "failed",
        "checkpoint": found.name,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "signer": found.signer,
        "algorithm": found.algorithm,
        "expected": found.expected,
        "actual": found.actual,
        "damage": [{"file": each.file, "verdict": each.verdict.value} for each in found.damage],
    }
