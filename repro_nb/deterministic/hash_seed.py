"""The seed of string hashes, which Python reads once, when it starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Dict, Optional

__all__ = ["starting_hash_seed"]


def starting_hash_seed() -> Optional[str]:
    """The hash seed that this process was started with; None when it was drawn at random.

    ``PYTHONHASHSEED`` set at run time changes nothing here, so the environment at the start counts, which
    Linux keeps; elsewhere the environment of now stands in for it.
    """
    if sys.flags.ignore_environment:
        return None
    seed = _starting_environment().get("PYTHONHASHSEED", "")
    return seed if seed.isdigit() else None


def _starting_environment() -> Dict[str, str]:
    try:
        entries = os.fsdecode(Path("/proc/self/environ").read_bytes()).split("\0")
    except OSError:
        return dict(os.environ)
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)
