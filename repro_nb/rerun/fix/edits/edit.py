"""What an edit is: it treats some causes, and proposes the smallest change to the notebook that may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from repro_nb.rerun.fix.changes import Proposal
    from repro_nb.rerun.fix.script import Script
    from repro_nb.rerun.result import Cause

__all__ = ["SEED", "Edit"]

SEED = 42
"""The seed that edits write."""


class Edit(Protocol):
    """One kind of edit.

    Attributes:
        factors: Public names of the factors and diagnoses that it treats.
    """

    @property
    def factors(self) -> frozenset[str]:
        """As above."""

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Ways to treat `cause`, the smallest first; each is tried where the one before did not do. May be empty."""
