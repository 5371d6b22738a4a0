"""Signatures: what tells the keys of dicts and the elements of sets apart, by value, without their ``__eq__``."""

from __future__ import annotations

from collections import Counter
from typing import Any, Optional

from repro_nb.values.kinds import Eye
from repro_nb.values.path import full_name
from repro_nb.values.view import Indexed, Keyed, Named, Part

__all__ = ["PLAIN", "Signer"]

PLAIN = frozenset(map(id, (str, bytes, int, bool, type(None))))
"""Addresses of the types whose values ``==`` compares to the bit."""
_MOST_OBJECTS = 10_000


class _UnsignableError(Exception):
    """A key that is opaque, holds itself, or reaches too much."""


class Signer:
    """Makes signatures, for the length of one walk.

    Args:
        eye: What looks at the objects.
    """

    def __init__(self, eye: Eye) -> None:
        self._eye = eye
        self._left = 0

    def sign(self, value: Any) -> Optional[Any]:
        """Something hashable that is equal for values that `compare` finds equal alone; None when there is none."""
        if id(type(value)) in PLAIN:
            return type(value), value
        self._left = _MOST_OBJECTS
        try:
            return self._sign(value)
        except (_UnsignableError, RecursionError):
            return None

    def _sign(self, value: Any) -> Any:
        if id(type(value)) in PLAIN:
            return type(value), value
        self._left -= 1  # what holds itself comes to an end so, too
        view = self._eye.view(value)
        if view.opaque or self._left < 0:
            raise _UnsignableError
        token = None if view.payload is None else view.payload.token()
        parts = tuple(map(self._sign_part, view.parts))
        return full_name(type(value)), view.facts, token, parts

    def _sign_part(self, part: Part) -> Any:
        if isinstance(part, Indexed):
            return tuple(map(self._sign, part.values))
        if isinstance(part, Named):
            return frozenset((step, self._sign(value)) for step, value in part.values.items())
        if isinstance(part, Keyed):
            return tuple((self._sign(key), self._sign(value)) for key, value in part.items)
        return frozenset(Counter(map(self._sign, part.values)).items())
