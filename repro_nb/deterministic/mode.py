"""Deterministic mode for the rest of the session."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Optional

from repro_nb.deterministic.active import active
from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.context import DeterministicContext
from repro_nb.errors import UsageError

__all__ = [
    "disable_deterministic_mode",
    "enable_deterministic_mode",
    "restore_deterministic_state",
]


def enable_deterministic_mode(config: Optional[DeterministicConfig] = None) -> DeterministicContext:
    """Switch deterministic mode on for the rest of the session, also for frameworks imported later.

    Each call adds a mode on top of those that are on already.

    Args:
        config: What to set; by default everything that makes results repeat.

    Returns:
        The previous state: `restore_deterministic_state` brings it back.
    """
    context = DeterministicContext(config).__enter__()
    active.enabled.append(context)
    return context


def disable_deterministic_mode() -> None:
    """End every mode that `enable_deterministic_mode` began, the newest first. Does nothing when none is on.

    Blocks of ``with DeterministicContext()`` go on.
    """
    _end(0)


def restore_deterministic_state(previous: DeterministicContext) -> None:
    """Bring back the settings from before a mode was enabled. Does nothing the second time.

    Args:
        previous: What `enable_deterministic_mode` gave. That mode ends, and with it every one enabled after it.

    Raises:
        UsageError: `previous` is something else.
    """
    if not isinstance(previous, DeterministicContext):
        raise UsageError(
            f"a {type(previous).__name__} is no state of deterministic mode",
            where="previous",
            hint="Pass what enable_deterministic_mode() returned.",
        )
    if previous in active.enabled:
        _end(active.enabled.index(previous))
    else:
        previous.restore()


def _end(first: int) -> None:
    # All of them end, also where putting back one setting raises.
    with ExitStack() as undo:
        for context in active.enabled[first:]:
            undo.callback(context.restore)
