"""Deterministic mode: the settings under which a framework gives equal results for equal inputs.

Every setting is one `Knob`: an object that reads, writes and so restores one value. Only frameworks that the
process has loaded are touched, and no device is ever initialised. What is *not* changed, on purpose:

- thread counts: deterministic torch algorithms repeat at any fixed count, while another count gives other sums;
- the precision of matrix products (TF32): it repeats on one machine, and changing it changes the numbers;
- JAX's flags: an unknown flag in ``XLA_FLAGS`` aborts the process, and after start-up it is ignored in silence.

`get_deterministic_status` reports these as well, so that nothing that matters is out of sight.
"""

from __future__ import annotations

from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.context import DeterminismWarning, DeterministicContext
from repro_nb.deterministic.hash_seed import starting_hash_seed
from repro_nb.deterministic.knob import Knob, When
from repro_nb.deterministic.status import KnobStatus, get_deterministic_status

__all__ = [
    "DeterminismWarning",
    "DeterministicConfig",
    "DeterministicContext",
    "Knob",
    "KnobStatus",
    "When",
    "get_deterministic_status",
    "starting_hash_seed",
]
