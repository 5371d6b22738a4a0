"""The short name of a state, which records and reports carry instead of the state itself."""

from __future__ import annotations

import hashlib

__all__ = ["fingerprint"]


def fingerprint(state: bytes) -> str:
    """BLAKE2b digest of `state`: 16 bytes, as 32 hexadecimal digits."""
    return hashlib.blake2b(state, digest_size=16).hexdigest()
