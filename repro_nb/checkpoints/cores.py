"""How many cores this process may use."""

from __future__ import annotations

import os

__all__ = ["cores"]


def cores() -> int:
    """Cores that the system lets this process run on; at least one."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS and Windows lack it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
