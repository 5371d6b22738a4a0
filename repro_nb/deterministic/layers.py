"""Values that are held over others, and how each is taken back exactly."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from repro_nb.deterministic.warned import warn

if TYPE_CHECKING:
    from repro_nb.deterministic.knob import Knob

__all__ = ["Layer", "Layers", "write"]


@dataclass(eq=False)
class Layer:
    """One value that is held over another.

    Attributes:
        knob: What it is a value of.
        held: The value that was set.
        before: The value to put back.
    """

    knob: Knob
    held: Any
    before: Any


class Layers:
    """All values that are held, for each knob a stack with the newest on top.

    Layers may be released in any order: one that lies below another hands what it would put back to the one above.

    Args:
        during: When the values are held, for the warning that somebody changed one: "in deterministic mode".
    """

    def __init__(self, during: str) -> None:
        self._during = during
        self._stacks: Dict[str, List[Layer]] = {}
        self._lifted: Optional[Dict[str, Tuple[Knob, Any]]] = None

    def value(self, knob: Knob) -> Any:
        """The value of `knob` under all that is held."""
        if self._lifted is not None and knob.name in self._lifted:
            return self._lifted[knob.name][1]
        return knob.read()

    def hold(self, knob: Knob, wanted: Any) -> Optional[Layer]:
        """Set `knob` to `wanted`.

        Returns:
            What `release` needs; None where the value is already as wanted and nobody else holds it, so that a
            later change of it is the user's own business.
        """
        value = self.value(knob)
        stack = self._stacks.setdefault(knob.name, [])
        if value == wanted and not stack:
            return None
        if value != wanted:
            self._set(knob, wanted)
        stack.append(Layer(knob, wanted, value))
        return stack[-1]

    def release(self, layer: Layer) -> None:
        """Put back what was there before `layer`, unless somebody else changed it. Does nothing the second time."""
        stack = self._stacks.get(layer.knob.name, [])
        if layer not in stack:
            return
        place = stack.index(layer)
        above = stack[place + 1] if place + 1 < len(stack) else None
        now = above.before if above else self.value(layer.knob)
        del stack[place]
        if now == layer.held:
            self._put_back(layer, above)
        elif all(now != one.before for one in (layer, *stack[:place])):
            del stack[:place]  # what these would put back was overruled too
            warn(f"{layer.knob.name} was changed to {now!r} {self._during}, and is left so")

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Every knob as it was before anything was held, for the length of a block.

        What is held or released inside the block takes effect after it.
        """
        self._lifted = {}
        try:
            for layers in filter(None, self._stacks.values()):
                self._lift(layers)
            yield
        finally:
            lifted, self._lifted = self._lifted, None
            for knob, value in reversed(list(lifted.values())):
                write(knob, value)

    def drop(self) -> None:
        """Put every knob back as it was before anything was held, whoever changed it, and hold nothing."""
        stacks, self._stacks = self._stacks, {}
        for layers in reversed(list(filter(None, stacks.values()))):
            write(layers[0].knob, layers[0].before)

    def _lift(self, layers: List[Layer]) -> None:
        knob, value = layers[0].knob, layers[0].knob.read()
        # What somebody else has set meanwhile belongs to no mode, so it stays.
        if value == layers[-1].held:
            assert self._lifted is not None  # noqa: S101  only `lifted` calls this
            self._lifted[knob.name] = knob, value
            write(knob, layers[0].before)

    def _put_back(self, layer: Layer, above: Optional[Layer]) -> None:
        if above is not None:
            above.before = layer.before
        else:
            self._set(layer.knob, layer.before)

    def _set(self, knob: Knob, value: Any) -> None:
        if self._lifted is None:
            knob.write(value)
        else:
            self._lifted[knob.name] = knob, value


def write(knob: Knob, value: Any) -> None:
    """Set `knob`, unless it has the value already."""
    if knob.read() != value:
        knob.write(value)
