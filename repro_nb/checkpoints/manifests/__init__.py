"""Integrity manifests: the digest of each file of a folder, in a form that other programs verify too."""

from __future__ import annotations

from repro_nb.checkpoints.manifests.creating import create_integrity_manifest
from repro_nb.checkpoints.manifests.manifest import Form, IntegrityManifest
from repro_nb.checkpoints.manifests.verifying import verify_integrity_manifest

__all__ = ["Form", "IntegrityManifest", "create_integrity_manifest", "verify_integrity_manifest"]
