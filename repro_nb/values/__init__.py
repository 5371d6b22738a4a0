"""Nested values: their leaves, what differs between two of them, and deep copies of many at once.

Of numpy, torch, JAX and the like, only what the user's process has loaded is ever touched.
"""

from __future__ import annotations

from repro_nb.values.comparing import MOST_TOLD, compare
from repro_nb.values.copying import Copies
from repro_nb.values.difference import Comparison, Difference
from repro_nb.values.walk import leaves

__all__ = ["MOST_TOLD", "Comparison", "Copies", "Difference", "compare", "leaves"]
