"""Reading a generator's state where it lies in memory, for libraries whose own getters are slow.

Nothing here is trusted by itself: each fast path compares what it reads with what the library's getter says, on
scratch generators of its own, before it is used at all.
"""

from __future__ import annotations

import platform
from functools import lru_cache
from typing import Any, Optional, Protocol

__all__ = [
    "Pointer",
    "is_readable",
    "pointer",
    "pointer_window",
    "read",
    "window",
    "write",
]


@lru_cache(maxsize=None)
def is_readable() -> bool:
    """Whether objects have addresses in this interpreter, and ctypes is there to read them."""
    if platform.python_implementation() != "CPython":
        return False
    try:
        import ctypes  # noqa: F401 - asked for, not used
    except ImportError:  # an interpreter built without libffi: the portable getters serve
        return False
    return True


class Pointer(Protocol):
    """A pointer in memory."""

    @property
    def value(self) -> Optional[int]:
        """What it points to now; None for NULL."""
        ...


def window(address: int, size: int) -> memoryview:
    """The `size` bytes at `address`, to be read and written again and again while they stay allocated."""
    return memoryview(_array_type(size).from_address(address)).cast("B")


def pointer_window(address: int) -> Pointer:
    """The pointer stored at `address`, to be read again and again while it stays allocated."""
    view: Pointer = _pointer_type().from_address(address)
    return view


def read(address: int, size: int) -> bytes:
    """A copy of the `size` bytes at `address`."""
    return window(address, size).tobytes()


def write(address: int, content: bytes) -> None:
    """Put `content` at `address`, over as many bytes."""
    _move()(address, content, len(content))


def pointer(address: int) -> int:
    """The pointer stored at `address`; 0 for NULL."""
    return pointer_window(address).value or 0


@lru_cache(maxsize=None)
def _move() -> Any:
    import ctypes

    return ctypes.memmove


@lru_cache(maxsize=None)
def _pointer_type() -> Any:
    import ctypes

    return ctypes.c_void_p


@lru_cache(maxsize=16)
def _array_type(size: int) -> Any:
    import ctypes

    return ctypes.c_char * size
