"""Keys for JAX, which has no global stream: each is made from the global seed and a name."""

from __future__ import annotations

from typing import Any, Optional

from repro_nb.errors import UsageError
from repro_nb.probe.session import session
from repro_nb.rng.fingerprint import fingerprint
from repro_nb.rng.jax import read_key
from repro_nb.seeding.derived import derived_seed
from repro_nb.seeding.domain import checked_seed

__all__ = ["prng_key"]

_IMPLEMENTATION = "threefry2x32"  # the same numbers on every backend, which "rbg" does not give


def prng_key(name: str, *, seed: Optional[int] = None) -> Any:
    """A JAX key of its own for `name`, made from the global seed: the same in every process and on every backend.

    Args:
        name: What the key is for, such as ``"dropout"``; another name gives another, independent key.
        seed: The seed to make it from; by default the one in force.

    Returns:
        A typed key of the implementation threefry2x32, shape ``()``.

    Raises:
        UsageError: No seed is set, `seed` is none, `name` is no text, or JAX is not installed.
    """
    if not isinstance(name, str) or not name:
        raise UsageError(
            f"{name!r} is no name", where="prng_key", hint='Give one, as in prng_key("dropout").'
        )
    base = seed_in_force("prng_key") if seed is None else checked_seed(seed)
    jax, np = _jax()
    bits = derived_seed(base, "jax", name, bits=64)
    words = np.array([bits >> 32, bits & 0xFFFFFFFF], dtype=np.uint32)
    key = jax.random.wrap_key_data(words, impl=_IMPLEMENTATION)
    _note(name, key)
    return key


def seed_in_force(asking: str) -> int:
    """The seed in force.

    Raises:
        UsageError: None is set.
    """
    if session.seeding is None:
        raise UsageError(
            "no seed is set",
            where=asking,
            hint="Call set_global_seed(42) first, or %repro_seed 42.",
        )
    return session.seeding.seed


def _jax() -> Any:
    try:
        import jax
        import numpy as np
    except ImportError as error:
        raise UsageError(
            "JAX is not installed", where="prng_key", hint="pip install jax"
        ) from error
    return jax, np


def _note(name: str, key: Any) -> None:
    """Let the record of the running cell tell of the key."""
    if session.recorder is None:
        return
    read = read_key(key)
    if read is not None:
        session.recorder.key_made(name, fingerprint(read.state))
