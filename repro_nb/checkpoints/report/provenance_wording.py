"""Where a checkpoint comes from, in words."""

from __future__ import annotations

from repro_nb.checkpoints.provenance import Provenance
from repro_nb.checkpoints.registration import Parent
from repro_nb.checkpoints.wording import listed
from repro_nb.pages.one_line import one_line

__all__ = ["code_version", "made_from", "made_in", "random_state"]

_SHORT = 12


def made_in(provenance: Provenance) -> str:
    """The notebook and cell, or the program; empty where neither is known."""
    if provenance.notebook or provenance.cell:
        cell = f", cell {provenance.cell}{_execution(provenance)}" if provenance.cell else ""
        return f"{provenance.notebook or 'a notebook'}{cell}"
    return provenance.script


def _execution(provenance: Provenance) -> str:
    """The prompt that the user saw; where none was kept, which execution it was."""
    if provenance.prompt is not None:
        return f", In [{provenance.prompt}]"
    return f" (execution {provenance.order})" if provenance.order is not None else ""


def made_from(parent: Parent | None) -> str:
    """The parent checkpoint; empty where there is none."""
    return f"{one_line(parent.checkpoint)} ({parent.digest[:_SHORT]})" if parent is not None else ""


def code_version(provenance: Provenance) -> str:
    """The commit, and whether files differed from it."""
    if not provenance.commit:
        return ""
    changes = f", and changes to it ({provenance.dirty[:_SHORT]})" if provenance.dirty else ""
    return f"commit {provenance.commit[:_SHORT]}{changes}"


def random_state(provenance: Provenance) -> str:
    """The seed, and the fingerprints of the sources."""
    seed = f"seed {provenance.seed}" if provenance.seed is not None else ""
    prints = [f"{name} {value[:_SHORT]}" for name, value in provenance.fingerprints.items()]
    return "; ".join(part for part in (seed, listed(prints)) if part)
