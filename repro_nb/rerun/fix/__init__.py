"""Edits with which a notebook reproduces: proposed for each cause, proved by reruns, written only when asked to."""

from repro_nb.rerun.fix.fix import fix
from repro_nb.rerun.fix.result import AcceptedEdit, CellDiff, FixResult, WithdrawnEdit

__all__ = ["AcceptedEdit", "CellDiff", "FixResult", "WithdrawnEdit", "fix"]
