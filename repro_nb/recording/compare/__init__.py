"""Whether two runs of a cell gave the same: one comparator per family of mime types.

`compare_outputs` is the way in. The rules are documented in ``docs/comparison.md``.
"""

from __future__ import annotations

from repro_nb.recording.compare.cell import compare_outputs, ignore_outputs
from repro_nb.recording.compare.normalisers import NORMALISERS, Normaliser
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.verdict import Comparator, Verdict

__all__ = [
    "NORMALISERS",
    "Comparator",
    "CompareOptions",
    "Normaliser",
    "Verdict",
    "compare_outputs",
    "ignore_outputs",
]
