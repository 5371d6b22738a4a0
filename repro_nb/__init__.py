"""repro_nb says whether a notebook reproduces, which cell broke it, and why.

Importing it costs next to nothing: every public name is fetched from its module at first use.
"""

from __future__ import annotations

# Type checkers take this for typing's constant; importing typing would cost more than all the rest.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.deterministic import (
        DeterministicConfig,
        DeterministicContext,
        benchmark_deterministic_impact,
        disable_deterministic_mode,
        enable_deterministic_mode,
        get_deterministic_status,
        restore_deterministic_state,
    )
    from repro_nb.recording.store import read_recording
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.result import Level, NotebookResult
    from repro_nb.rerun.verify import verify
    from repro_nb.seeding import (
        SeedContext,
        generate_deterministic_seeds,
        generator,
        get_current_seed,
        get_seed_history,
        load_seed_state,
        prng_key,
        save_seed_state,
        seed_worker,
        set_global_seed,
        verify_deterministic_execution,
        worker_init_fn,
    )
    from repro_nb.verification import (
        CheckpointMetadata,
        CheckpointVerifier,
        Verdict,
        Verification,
        architecture_digest,
        compute_checkpoint_hash,
        content_digest,
        create_integrity_manifest,
        diff_checkpoints,
        load_verified,
        open_verified,
        verify_checkpoint_integrity,
        verify_integrity_manifest,
    )

__version__ = "0.1.0"

__all__ = [
    "CheckpointMetadata",
    "CheckpointVerifier",
    "DeterministicConfig",
    "DeterministicContext",
    "Level",
    "NotebookResult",
    "SeedContext",
    "Verdict",
    "Verification",
    "VerifyOptions",
    "__version__",
    "architecture_digest",
    "benchmark_deterministic_impact",
    "compute_checkpoint_hash",
    "content_digest",
    "create_integrity_manifest",
    "diff_checkpoints",
    "disable_deterministic_mode",
    "enable_deterministic_mode",
    "generate_deterministic_seeds",
    "generator",
    "get_current_seed",
    "get_deterministic_status",
    "get_seed_history",
    "load_ipython_extension",
    "load_seed_state",
    "load_verified",
    "open_verified",
    "prng_key",
    "read_recording",
    "restore_deterministic_state",
    "save_seed_state",
    "seed_worker",
    "set_global_seed",
    "unload_ipython_extension",
    "verify",
    "verify_checkpoint_integrity",
    "verify_deterministic_execution",
    "verify_integrity_manifest",
    "worker_init_fn",
]

_NAMES = {
    "deterministic": (
        "DeterministicConfig",
        "DeterministicContext",
        "benchmark_deterministic_impact",
        "disable_deterministic_mode",
        "enable_deterministic_mode",
        "get_deterministic_status",
        "restore_deterministic_state",
    ),
    "recording.store": ("read_recording",),
    "rerun.options": ("VerifyOptions",),
    "rerun.result": ("Level", "NotebookResult"),
    "rerun.verify": ("verify",),
    "seeding": (
        "SeedContext",
        "generate_deterministic_seeds",
        "generator",
        "get_current_seed",
        "get_seed_history",
        "load_seed_state",
        "prng_key",
        "save_seed_state",
        "seed_worker",
        "set_global_seed",
        "verify_deterministic_execution",
        "worker_init_fn",
    ),
    "verification": (
        "CheckpointMetadata",
        "CheckpointVerifier",
        "Verdict",
        "Verification",
        "architecture_digest",
        "compute_checkpoint_hash",
        "content_digest",
        "create_integrity_manifest",
        "diff_checkpoints",
        "load_verified",
        "open_verified",
        "verify_checkpoint_integrity",
        "verify_integrity_manifest",
    ),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> List[str]:
    return sorted(__all__)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Start recording and add the magics: ``%load_ext repro_nb``."""
    from repro_nb import magics

    magics.load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Undo what loading did: ``%unload_ext repro_nb``."""
    from repro_nb import magics

    magics.unload(shell)
