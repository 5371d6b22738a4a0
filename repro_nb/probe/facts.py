"""Single facts of a cell's record, from what was seen of the cell."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

from repro_nb.probe.running import Changes
from repro_nb.probe.seeding_calls import SeedingCalls
from repro_nb.records import CellError, UnseededOrigin
from repro_nb.rng import States
from repro_nb.rng.held import Held

__all__ = ["advanced", "advanced_held", "error_of", "unseeded_origins", "with_hidden_draws"]

_MAX_MESSAGE = 2000


def with_hidden_draws(changes: Changes, calls: SeedingCalls) -> Changes:
    """`changes`, with the draws from streams that the cell then seeded: their states do not show them."""
    undrawn = [name for name in changes.touched if name not in changes.draws]
    hidden = [name for name in undrawn if calls.draws_before_seeding(name)]
    return changes._replace(draws=(*changes.draws, *hidden)) if hidden else changes


def unseeded_origins(
    changes: Changes, seeded: Mapping[str, Optional[str]], held: Mapping[str, Held]
) -> Dict[str, UnseededOrigin]:
    """What the generators that a cell made without a seed were made from."""
    if not changes.appeared:
        return {}
    made = {path: held[path] for path in changes.appeared if path in held and not seeded.get(path)}
    return {
        path: UnseededOrigin(origin.name, hex(origin.entropy), origin.spawn_key)
        for path, source in made.items()
        for origin in (source.origin,)
        if origin is not None and source.seed is None
    }


def advanced(before: States, now: States) -> Tuple[str, ...]:
    """Global streams that are elsewhere now."""
    if before is now:
        return ()
    return tuple(
        name
        for name, state in now.items()
        if state is not None and before.get(name) not in (None, state)
    )


def advanced_held(before: Mapping[str, Held], now: Mapping[str, Held]) -> Tuple[str, ...]:
    """Held sources that are elsewhere now, by the expressions that reach them now."""
    if not before or not now:
        return ()
    states = {held.identity: held.state for held in before.values() if held.advances}
    return tuple(
        path
        for path, held in now.items()
        if held.state is not None and states.get(held.identity) not in (None, held.state)
    )


def error_of(result: Any) -> Optional[CellError]:
    """What a cell raised, by the result that the shell's event brings."""
    early = result.error_before_exec
    error = result.error_in_exec if early is None else early
    if error is None:
        return None
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may raise; the record shall not be lost for it
        message = ""
    return CellError(type(error).__name__, message[:_MAX_MESSAGE])
