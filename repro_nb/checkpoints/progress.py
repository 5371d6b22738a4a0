"""Who is told how many bytes were read."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ByteProgress", "Silent"]


class ByteProgress(Protocol):
    """Hears how hashing goes on; may be called from several threads."""

    def expected(self, name: str, size: int) -> None:
        """`size` more bytes are going to be read, of the file `name`."""

    def advanced(self, size: int) -> None:
        """`size` bytes were read."""


class Silent:
    """Tells nobody."""

    def expected(self, name: str, size: int) -> None:
        """Do nothing."""

    def advanced(self, size: int) -> None:
        """Do nothing."""
