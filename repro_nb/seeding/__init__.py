"""Seeds: one rule, one call for every library, streams that never meet, and states that can be put back exactly.

What a seed does not reach: generators that were already made (``rng = np.random.default_rng()``; make them from the
seed), ``random.SystemRandom`` and ``secrets``, which have no seed by design, and JAX, which has no global stream:
there, start from `prng_key`. Nor does it set the hash seed, which is fixed when the process starts.
"""

from __future__ import annotations

from repro_nb.seeding.context import SeedContext
from repro_nb.seeding.derived import derived_seed, generate_deterministic_seeds
from repro_nb.seeding.domain import SEED_LIMIT, checked_seed
from repro_nb.seeding.everywhere import (
    get_current_seed,
    get_seed_history,
    let_go,
    set_global_seed,
    watch_imports,
)
from repro_nb.seeding.execution import ExecutionReport, verify_deterministic_execution
from repro_nb.seeding.keys import prng_key
from repro_nb.seeding.per_cell import go_on
from repro_nb.seeding.state_file import load_seed_state, save_seed_state
from repro_nb.seeding.workers import generator, seed_worker, worker_init_fn

__all__ = [
    "SEED_LIMIT",
    "ExecutionReport",
    "SeedContext",
    "checked_seed",
    "derived_seed",
    "generate_deterministic_seeds",
    "generator",
    "get_current_seed",
    "get_seed_history",
    "go_on",
    "let_go",
    "load_seed_state",
    "prng_key",
    "save_seed_state",
    "seed_worker",
    "set_global_seed",
    "verify_deterministic_execution",
    "watch_imports",
    "worker_init_fn",
]
