"""Warns of hash algorithms that do not protect from an attacker."""

from __future__ import annotations

import warnings

from repro_nb.checkpoints.algorithms import Algorithm, Strength

__all__ = ["WeakAlgorithmWarning", "warn_of_weakness"]


class WeakAlgorithmWarning(UserWarning):
    """A digest that does not protect from changes made on purpose."""


def warn_of_weakness(algorithm: Algorithm, stacklevel: int = 3) -> None:
    """Warn the caller's caller where `algorithm` is broken."""
    if algorithm.strength is Strength.BROKEN:
        warnings.warn(
            f"{algorithm.name} is {algorithm.strength.value}, and slower than sha256; blake3 is the fast choice",
            WeakAlgorithmWarning,
            stacklevel=stacklevel,
        )
