"""What a seed may be: one rule for every library."""

from __future__ import annotations

import operator
from typing import Any

from repro_nb.errors import UsageError

__all__ = ["SEED_LIMIT", "checked_seed"]

SEED_LIMIT = 2**32
"""Seeds are integers from 0 to one below this: the domain that all libraries share."""


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
    if isinstance(seed, bool) or "bool" in str(getattr(seed, "dtype", "")):
        raise UsageError(f"{seed!r} is a truth value, no number", where="seed", hint=hint)
    if not 0 <= value < SEED_LIMIT:
        raise UsageError(f"{value} is out of range", where="seed", hint=hint)
    return value
