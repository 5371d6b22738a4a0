"""Streams of random numbers: the global ones of each library, and those that a user's variables hold."""

from __future__ import annotations

from repro_nb.rng.registry import sources
from repro_nb.rng.source import Source, States

__all__ = ["Source", "States", "sources"]
