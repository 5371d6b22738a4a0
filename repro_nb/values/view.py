"""What one object is made of: exact facts, a payload, and parts that are looked at in their turn."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from repro_nb.values.difference import Difference
from repro_nb.values.path import Step, index_step, key_step, short

__all__ = [
    "Indexed",
    "Keyed",
    "Kind",
    "Look",
    "Named",
    "Part",
    "Payload",
    "Unordered",
    "View",
]


class Payload:
    """The part of a leaf that is compared as a whole: a number, a text, the elements of an array."""

    __slots__ = ()

    def difference(self, other: Any, tolerance: float) -> Optional[Difference]:
        """How `other`, a payload of equal type and facts, differs; the path is left empty.

        Args:
            other: The payload of the other side.
            tolerance: Largest absolute difference that inexact numbers may have.
        """
        raise NotImplementedError

    def token(self) -> Any:
        """Something hashable that is equal for equal payloads alone."""
        raise NotImplementedError


class Indexed(NamedTuple):
    """Parts in a fixed order; those of an array by its indices, where `shape` is given."""

    values: List[Any]
    shape: Optional[Tuple[int, ...]] = None

    def steps(self) -> Iterator[Tuple[Step, Any]]:
        """Each part with the step that leads to it."""
        for position, value in enumerate(self.values):
            yield self.step(position), value

    def step(self, position: int) -> Step:
        """The step to the part at `position`."""
        return position if self.shape is None else index_step(position, self.shape)


class Named(NamedTuple):
    """Parts by the step that leads to them, such as ``.weight``; their order is no matter."""

    values: Dict[str, Any]

    def steps(self) -> Iterator[Tuple[Step, Any]]:
        """Each part with the step that leads to it."""
        return iter(self.values.items())


class Keyed(NamedTuple):
    """Parts by a key of any type, in an order that can be seen: a dict's items."""

    items: List[Tuple[Any, Any]]

    def steps(self) -> Iterator[Tuple[Step, Any]]:
        """Each part with the step that leads to it."""
        for position, (key, value) in enumerate(self.items):
            yield key_step(key, position), value


class Unordered(NamedTuple):
    """Elements of a set."""

    values: List[Any]

    def steps(self) -> Iterator[Tuple[Step, Any]]:
        """Each part, with itself as the step, as no expression leads to it."""
        for value in self.values:
            yield "{" + short(value) + "}", value


Part = Union[Indexed, Named, Keyed, Unordered]


class View(NamedTuple):
    """What there is to compare of one object besides its type.

    Attributes:
        facts: Names and values that are compared exactly, such as ``("dtype", "float32")``.
        payload: What is compared as a whole.
        parts: What is looked into. An object without any is a leaf, and so is one with a payload.
        opaque: Why the object cannot be compared, or not all of it; empty when it can.
    """

    facts: Tuple[Tuple[str, str], ...] = ()
    payload: Optional[Payload] = None
    parts: Tuple[Part, ...] = ()
    opaque: str = ""

    def steps(self) -> Iterator[Tuple[Step, Any]]:
        """Each thing inside with the step that leads to it."""
        for part in self.parts:
            yield from part.steps()

    def is_empty(self) -> bool:
        """Whether there is nothing inside."""
        return next(self.steps(), None) is None


Look = Callable[[Any], View]


class Kind(NamedTuple):
    """How instances of a known type, and of classes derived from it, are looked at.

    Attributes:
        look: Gives the view.
        attributes: Whether what a derived class adds as attributes belongs to the value.
    """

    look: Look
    attributes: bool = False
