"""The global seed: it sets every library that is loaded now, and every other one at the moment of its import."""

from __future__ import annotations

import sys
import warnings
from functools import partial
from typing import Iterable, Optional, Tuple

from repro_nb.deterministic import DeterministicConfig, enable_deterministic_mode
from repro_nb.deterministic.active import active
from repro_nb.errors import RandomStateError, UsageError
from repro_nb.imports import ImportWatch
from repro_nb.probe.session import SeedEvent, Seeding, session
from repro_nb.rng import Source, States, sources
from repro_nb.seeding.derived import derived_seed
from repro_nb.seeding.domain import checked_seed

__all__ = [
    "apply_seeding",
    "cell_seeds",
    "checked_names",
    "ensure_deterministic_mode",
    "get_current_seed",
    "get_seed_history",
    "let_go",
    "seed_source",
    "set_global_seed",
    "watch_imports",
]


def set_global_seed(
    seed: int, deterministic: bool = True, *, only: Optional[Iterable[str]] = None
) -> None:
    """Seed the global stream of every library: loaded ones now, others at the moment of their import.

    Args:
        seed: An integer from 0 to 2**32 - 1; numpy's integers are welcome. One rule for all libraries, since
            their own differ: ``random.seed(-5)`` equals ``random.seed(5)``, numpy refuses 2**32, torch's CPU
            stream drops the high bits.
        deterministic: Also switch deterministic mode on for the rest of the session, unless it is on already. Where
            torch has no deterministic algorithm it then warns, so that a seed alone breaks no code;
            `enable_deterministic_mode` is the mode that raises. It stays on when a later call does not ask for it.
        only: Names of the sources that shall be seeded, such as ``["numpy", "torch"]``; by default all.

    Raises:
        UsageError: `seed` is no such integer, or `only` names an unknown source. No stream was touched.
    """
    value = checked_seed(seed)
    apply_seeding(Seeding(value, checked_names(only), call=f"set_global_seed({value})"))
    if deterministic:
        ensure_deterministic_mode()


def ensure_deterministic_mode() -> None:
    """Switch on the mode that comes with a seed, unless one is on: where torch cannot follow, it warns."""
    if not active.enabled:
        enable_deterministic_mode(DeterministicConfig(torch_warn_only=True))


def get_current_seed() -> Optional[int]:
    """The seed that is in force: `set_global_seed`'s, or that of the innermost `SeedContext`; None without one."""
    return None if session.seeding is None else session.seeding.seed


def get_seed_history() -> Tuple[SeedEvent, ...]:
    """The seeds that were set in this process, in order; the last 1,000 are kept."""
    return tuple(session.seed_history)


def apply_seeding(seeding: Seeding) -> None:
    """Seed what `seeding` covers now, and what is imported later; note it in the history."""
    order = None
    if session.recorder is not None:
        session.recorder.settle()
        running = session.recorder.current()
        order = None if running is None else running.order
    session.seeding = seeding
    session.waiting_states = {
        name: states for name, states in session.waiting_states.items() if not seeding.covers(name)
    }
    session.seed_history.append(SeedEvent(seeding.call, seeding.seed, seeding.names, order))
    for source in sources():
        if source.module in sys.modules:
            seed_source(source)
    watch_imports()


def watch_imports() -> None:
    """Seed the libraries that are imported from now on with the seed that is in force then."""
    if session.seed_watch is None:
        session.seed_watch = ImportWatch()
        for source in sources():
            if source.module not in sys.modules:
                session.seed_watch.when_imported(source.module, partial(_imported, source))
        session.seed_watch.install()


def let_go() -> None:
    """Leave the libraries that are imported from now on as they are."""
    if session.seed_watch is not None:
        session.seed_watch.uninstall()
        session.seed_watch = None


def seed_source(source: Source) -> None:
    """Set one library's streams as the seed in force says, where it covers them."""
    seeding = session.seeding
    if seeding is None or not seeding.covers(source.name):
        return
    recorder = session.recorder
    cell = None
    if recorder is not None:
        recorder.settle()
        cell = recorder.current() if seeding.per_cell else None
    source.seed(cell_seeds(seeding, cell.stream, source.name) if cell else seeding.seed)
    if recorder is not None:
        recorder.rebase(dict.fromkeys(source.states(), seeding.call))


def cell_seeds(seeding: Seeding, cell: str, source: str, bits: int = 32) -> int:
    """The seed of one source in one cell, where each cell has streams of its own."""
    return derived_seed(seeding.seed, "cell", cell, source, bits=bits)


def _imported(source: Source, _module: object) -> None:
    waiting = session.waiting_states.pop(source.name, None)
    session.unseeded_states[source.name] = source.states()
    if waiting is None or not _put(source, waiting):
        seed_source(source)


def _put(source: Source, states: States) -> bool:
    """Put a library that was just imported where a file says; False, and a warning, where it cannot be put there."""
    try:
        source.restoring(states)()
    except RandomStateError as error:
        warnings.warn(
            f"{source.name} is not where the loaded file says: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    if session.recorder is not None:
        session.recorder.rebase(dict.fromkeys(source.states(), "load_seed_state"))
    return True


def checked_names(only: Optional[Iterable[str]]) -> Optional[Tuple[str, ...]]:
    """The names of sources in `only`; None for all of them.

    Raises:
        UsageError: It names none, or one that is unknown.
    """
    if only is None:
        return None
    known = [source.name for source in sources()]
    hint = f"Sources that can be seeded: {', '.join(known)}."
    try:
        names = (only,) if isinstance(only, str) else tuple(only)
    except TypeError:
        raise UsageError(f"{only!r} is no list of names", where="only", hint=hint) from None
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        raise UsageError(f"there is no source named {', '.join(unknown)}", where="only", hint=hint)
    if not names:
        raise UsageError("it names no source", where="only", hint=hint)
    return names
