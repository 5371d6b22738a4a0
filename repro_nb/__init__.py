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
        get_deterministic_status,
    )
    from repro_nb.recording.store import read_recording
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.result import Level, NotebookResult
    from repro_nb.rerun.verify import verify
    from repro_nb.seeding import get_current_seed, set_global_seed

__version__ = "0.1.0"

__all__ = [
    "DeterministicConfig",
    "DeterministicContext",
    "Level",
    "NotebookResult",
    "VerifyOptions",
    "__version__",
    "get_current_seed",
    "get_deterministic_status",
    "load_ipython_extension",
    "read_recording",
    "set_global_seed",
    "unload_ipython_extension",
    "verify",
]

_MODULES = {
    "DeterministicConfig": "deterministic",
    "DeterministicContext": "deterministic",
    "Level": "rerun.result",
    "NotebookResult": "rerun.result",
    "VerifyOptions": "rerun.options",
    "get_current_seed": "seeding",
    "get_deterministic_status": "deterministic",
    "read_recording": "recording.store",
    "set_global_seed": "seeding",
    "verify": "rerun.verify",
}


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
