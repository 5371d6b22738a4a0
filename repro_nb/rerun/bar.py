"""Which bars a notebook can reach in this version."""

from __future__ import annotations

from repro_nb.errors import UsageError
from repro_nb.rerun.result import Level

__all__ = ["check_reachable"]


def check_reachable(bar: Level | None) -> None:
    """Refuses a bar that no notebook can reach yet.

    Raises:
        UsageError: It is level 5.
    """
    if bar is Level.LOCKED:
        raise UsageError(
            f"level {bar.value} ({bar.label}) cannot be reached in this version, which builds no clean environment "
            "from a lock file",
            hint=f"The highest bar is {Level.MATCHES.value} ({Level.MATCHES.label}).",
        )
