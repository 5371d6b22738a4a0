"""One cell, run several times from one random state: what ``%%deterministic --runs`` does."""

from __future__ import annotations

from repro_nb.magics.repetition.body import Body
from repro_nb.magics.repetition.repeating import run_repeatedly

__all__ = ["Body", "run_repeatedly"]
