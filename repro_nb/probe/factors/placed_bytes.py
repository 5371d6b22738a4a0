"""Bytes that look random, and are the same in every run: a function of the line that asks for them.

They come from no stream, so that what one line takes does not change what another one gets.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Any, Dict, Iterator, Tuple

from repro_nb.probe.factors.forks import Forks
from repro_nb.probe.factors.uses import Place

__all__ = ["PlacedBytes"]


class PlacedBytes:
    """Gives bytes to lines of the user's code.

    The n-th time that a line asks it gets bytes of its own; so does each child of a fork.

    Args:
        salt: With another one, all bytes are others.
    """

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._lines: Dict[Tuple[str, int, str], Tuple[Iterator[int], Any]] = {}
        self._forks = Forks()
        self._forks.watch()

    def take(self, place: Place, size: int) -> bytes:
        """The next `size` bytes for the line at `place`."""
        where = (place.cell, place.line, place.file)
        # Without a lock, which a fork might leave closed in the child.
        found = self._lines.get(where)
        times, begun = found or self._lines.setdefault(where, (count(), self._begun(where)))
        digest = begun.copy()
        digest.update(repr((next(times), self._forks.path)).encode())
        taken: bytes = digest.digest(size)
        return taken

    def _begun(self, where: Tuple[str, int, str]) -> Any:
        text = repr((self._salt, where))
        return hashlib.shake_128(text.encode("utf-8", "surrogatepass"))

    def integer(self, place: Place, bits: int) -> int:
        """The next integer of at most `bits` bits."""
        size = -(-bits // 8)
        return int.from_bytes(self.take(place, size), "big") >> (size * 8 - bits)
