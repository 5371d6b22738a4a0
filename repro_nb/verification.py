"""Checkpoints under the names that users know: digests, integrity manifests, and the registry of a directory."""

from __future__ import annotations

from repro_nb.checkpoints.architecture import architecture_digest
from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.diff import diff_checkpoints
from repro_nb.checkpoints.integrity import compute_checkpoint_hash, verify_checkpoint_integrity
from repro_nb.checkpoints.loading import load_verified
from repro_nb.checkpoints.manifests import (
    IntegrityManifest,
    create_integrity_manifest,
    verify_integrity_manifest,
)
from repro_nb.checkpoints.metadata import CheckpointMetadata
from repro_nb.checkpoints.opening import open_verified
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.checkpoints.verifier import CheckpointVerifier

__all__ = [
    "CheckpointMetadata",
    "CheckpointVerifier",
    "IntegrityManifest",
    "Verdict",
    "Verification",
    "architecture_digest",
    "compute_checkpoint_hash",
    "content_digest",
    "create_integrity_manifest",
    "diff_checkpoints",
    "load_verified",
    "open_verified",
    "verify_checkpoint_integrity",
    "verify_integrity_manifest",
]
