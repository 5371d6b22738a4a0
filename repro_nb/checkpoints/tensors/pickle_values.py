"""What a pickle stream is read into: containers and names that can do nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Constructor", "Dictionary", "Items", "Name", "Names", "Rebuilt", "Stream"]


class Stream(Protocol):
    """What a pickle is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""

    def readline(self) -> bytes:
        """Bytes up to the next line end."""

    def tell(self) -> int:
        """The position."""


Constructor = Callable[[tuple[Any, ...]], Any]
"""Makes an inert value of the arguments that a stream gives."""


@dataclass(frozen=True, eq=False)
class Name:
    """A name that a stream refers to, such as ``torch.float32``.

    Attributes:
        module: Its module.
        name: Its name there.
        make: Makes a value where the stream calls it; None where it may be referred to, but not called.
    """

    module: str
    name: str
    make: Constructor | None = None

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


Names = Callable[[str, str], Name | None]
"""Gives the entry of the allow-list for a module and a name; None where it is not on it."""


@dataclass(eq=False)
class Dictionary:
    """A dictionary as pairs: keys of a hostile stream are never hashed."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)

    def set_state(self, state: object) -> None:
        """Attributes of a dictionary, such as the module versions of a state dict, are no contents of it."""


@dataclass(eq=False)
class Items:
    """A set as a list."""

    members: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class Rebuilt:
    """An instance of a class on the allow-list, as the attributes it was given.

    Attributes:
        name: Its class.
        state: Its attributes, or what else the stream gives; None before that.
    """

    name: Name
    arguments: tuple[Any, ...] = ()
    state: Any = None

    def set_state(self, state: object) -> None:
        """Takes the attributes."""
        self.state = state
