"""What no experiment with pins can tell: why a notebook fails, or no longer gives its saved outputs."""

from __future__ import annotations

from repro_nb.rerun.diagnoses.diagnosis import Case, Diagnosis, Rerun
from repro_nb.rerun.diagnoses.registry import diagnose

__all__ = ["Case", "Diagnosis", "Rerun", "diagnose"]
