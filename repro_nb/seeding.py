"""Seeds: one call that sets every global stream of random numbers, those of libraries imported later too.

What it does not reach: generators that were already made (``rng = np.random.default_rng()``; make them from the
seed), ``random.SystemRandom`` and ``secrets``, which have no seed by design, and JAX, which has no global stream:
there, start from ``jax.random.key(get_current_seed())``. Nor does it set the hash seed, which is fixed when the
process starts.
"""

from __future__ import annotations

import operator
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.deterministic import DeterministicConfig
from repro_nb.errors import UsageError
from repro_nb.imports import ImportWatch
from repro_nb.probe.session import session
from repro_nb.rng import sources

if TYPE_CHECKING:
    from repro_nb.rng.source import Source

__all__ = [
    "SEED_LIMIT",
    "checked_seed",
    "get_current_seed",
    "let_go",
    "set_global_seed",
    "watch_imports",
]

SEED_LIMIT = 2**32
"""Seeds are integers from 0 to one below this: the domain that all libraries share."""


def set_global_seed(seed: int, deterministic: bool = False) -> None:
    """Seed the global stream of every library: loaded ones now, others at the moment of their import.

    Args:
        seed: An integer from 0 to 2**32 - 1; numpy's integers are welcome. One rule for all libraries, since
            their own differ: ``random.seed(-5)`` equals ``random.seed(5)``, numpy refuses 2**32, torch's CPU
            stream drops the high bits.
        deterministic: Also switch on deterministic mode for the rest of the session; it stays on when a later
            call does not ask for it.

    Raises:
        UsageError: `seed` is no such integer. No stream was touched.
    """
    session.seed = checked_seed(seed)
    for source in sources():
        if source.module in sys.modules:
            _seed(source)
    watch_imports()
    if deterministic and session.determinism is None:
        session.determinism = DeterministicConfig().apply()


def get_current_seed() -> Optional[int]:
    """The seed that `set_global_seed` set last; None before its first call."""
    return session.seed


def checked_seed(seed: Any) -> int:
    """`seed` as an integer that every library accepts.

    Raises:
        UsageError: It is not an integer from 0 to 2**32 - 1.
    """
    hint = f"A seed is an integer from 0 to {SEED_LIMIT - 1}."
    try:
        value = operator.index(seed)
    except TypeError:
        raise UsageError(f"{seed!r} is not an integer", where="seed", hint=hint) from None
    if isinstance(seed, bool):
        raise UsageError(f"{seed!r} is a truth value, no number", where="seed", hint=hint)
    if not 0 <= value < SEED_LIMIT:
        raise UsageError(f"{value} is out of range", where="seed", hint=hint)
    return value


def watch_imports() -> None:
    """Seed the libraries that are imported from now on with the session's seed, as it is then."""
    if session.seed_watch is None:
        session.seed_watch = ImportWatch()
        for source in sources():
            if source.module not in sys.modules:
                session.seed_watch.when_imported(source.module, partial(_seed_imported, source))
        session.seed_watch.install()


def let_go() -> None:
    """Leave the libraries that are imported from now on as they are, and end deterministic mode."""
    if session.seed_watch is not None:
        session.seed_watch.uninstall()
        session.seed_watch = None
    if session.determinism is not None:
        session.determinism.restore()
        session.determinism = None


def _seed_imported(source: Source, _module: object) -> None:
    _seed(source)


def _seed(source: Source) -> None:
    if session.seed is None:
        return
    if session.recorder is not None:
        session.recorder.settle()
    source.seed(session.seed)
    if session.recorder is not None:
        call = f"set_global_seed({session.seed})"
        session.recorder.rebase(dict.fromkeys(source.states(), call))
