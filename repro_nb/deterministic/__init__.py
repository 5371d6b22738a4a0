"""Deterministic mode: the settings under which a framework gives equal results for equal inputs.

Every setting is one `Knob`: an object that reads, writes and so restores one value. Only frameworks that the
process has loaded are touched, and no device is ever initialised. What is *not* changed, on purpose:

- thread counts: deterministic torch algorithms repeat at any fixed count, while another count gives other sums
  (`ThreadLimit` is there for who wants one count);
- the precision of matrix products (TF32): it repeats on one machine, and changing it changes the numbers;
- JAX's flags: an unknown flag in ``XLA_FLAGS`` aborts the process, and after start-up it is ignored in silence;
- JAX's 64-bit mode and its implementation of keys: another one draws other numbers;
- TensorFlow's ``enable_op_determinism``: there is no public way back.

`get_deterministic_status` reports these as well, so that nothing that matters is out of sight.
"""

from __future__ import annotations

from repro_nb.deterministic.benchmark import DeterministicImpact, benchmark_deterministic_impact
from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.context import DeterministicContext
from repro_nb.deterministic.hash_seed import starting_hash_seed
from repro_nb.deterministic.knob import Knob, When
from repro_nb.deterministic.mode import (
    disable_deterministic_mode,
    enable_deterministic_mode,
    restore_deterministic_state,
)
from repro_nb.deterministic.refusals import refused_operation
from repro_nb.deterministic.status import KnobStatus, get_deterministic_status
from repro_nb.deterministic.threads import ThreadLimit
from repro_nb.deterministic.warned import DeterminismWarning, DeterministicPerformanceWarning

__all__ = [
    "DeterminismWarning",
    "DeterministicConfig",
    "DeterministicContext",
    "DeterministicImpact",
    "DeterministicPerformanceWarning",
    "Knob",
    "KnobStatus",
    "ThreadLimit",
    "When",
    "benchmark_deterministic_impact",
    "disable_deterministic_mode",
    "enable_deterministic_mode",
    "get_deterministic_status",
    "refused_operation",
    "restore_deterministic_state",
    "starting_hash_seed",
]
