"""From runs to causes with their place in the notebook. Cells are indices over code cells, from 0."""

from __future__ import annotations

from repro_nb.rerun.attribution.causes import attribute, race, unexplained, unsteady_use

__all__ = ["attribute", "race", "unexplained", "unsteady_use"]
