"""What ``%repro_verify`` says while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro_nb.rerun.progress import Silent

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Plan"]


class Plan(Silent):
    """Says what finding out why will take, before it begins, and nothing else."""

    def explanation_planned(self, path: Path, runs: int, seconds: float) -> None:  # noqa: ARG002  the protocol says what is given
        """Print it for the cell's output."""
        words = f"Up to {runs} more runs will tell why cells differ, in about {seconds:.0f} s …"
        print(words, flush=True)  # noqa: T201  for the cell's output
