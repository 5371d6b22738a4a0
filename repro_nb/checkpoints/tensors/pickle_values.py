"""What a pickle stream is read into: containers and names that can do nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import CheckpointError

__all__ = [
    "Constructor",
    "Dictionary",
    "Items",
    "Name",
    "Names",
    "Rebuilt",
    "Stream",
    "Unread",
    "check_no_attributes",
]

_NO_CONTENTS = "_metadata"
"""The attribute of a state dict that says of which version its modules are."""


class Stream(Protocol):
    """What a pickle is read from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""

    def readline(self, size: int, /) -> bytes:
        """Bytes up to the next line end, and no more than `size`."""


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
        """Takes the attributes of a dictionary; the module versions of a state dict are no contents of it.

        Raises:
            CheckpointError: It has others.
        """
        check_no_attributes(state, "holds a dictionary", besides=_NO_CONTENTS)


@dataclass(eq=False)
class Items:
    """A set as a list."""

    members: list[Any] = field(default_factory=list)


@dataclass(eq=False)
class Rebuilt:
    """An instance of a class on the allow-list, as the attributes it was given.

    Attributes:
        name: Its class.
        state: Its attributes; None before it was given them.
    """

    name: Name
    state: Dictionary | None = None

    def set_state(self, state: object) -> None:
        """Takes the attributes.

        Raises:
            CheckpointError: They are in another form than the class writes, or it has them already.
        """
        if self.state is not None:
            raise CheckpointError(f"gives an object of {self.name} its attributes twice")
        if not isinstance(state, Dictionary):
            raise CheckpointError(
                f"gives an object of {self.name} attributes that are in no dictionary"
            )
        self.state = state


@dataclass(frozen=True, eq=False)
class Unread:
    """What has no canonical bytes; it is refused by its name, which is known when all containers are.

    Attributes:
        reason: What it is, and why it is not read.
        hint: What the user can do.
    """

    reason: str
    hint: str | None = None


def check_no_attributes(state: object, what: str, *, besides: str = "") -> None:
    """Make sure that `state`, the attributes that a stream sets on what is but its contents, are none.

    Args:
        state: Them: a dictionary, or a pair of such, the second for slots.
        what: What they are set on, for the error.
        besides: One that may be there.

    Raises:
        CheckpointError: There is one, which would be left out.
    """
    for part in state if isinstance(state, tuple) else (state,):
        if part is None:
            continue
        if not isinstance(part, Dictionary):
            raise CheckpointError(f"{what} with a state that is no dictionary")
        for key, _ in part.pairs:
            if key != besides or not besides:
                called = shown(key, 60) if isinstance(key, str) else "that is no text"
                raise CheckpointError(
                    f"{what} with the attribute {called!r}, which would be left out",
                    hint="Delete the attribute, or save what it holds under a key of its own.",
                )
