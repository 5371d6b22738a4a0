"""Walking a nested value to its leaves."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from repro_nb.values.kinds import Eye
from repro_nb.values.path import Path, render
from repro_nb.values.view import View

__all__ = ["leaves"]


def leaves(value: Any) -> Iterator[Tuple[str, Any]]:
    """The leaves of a nested value, each with its path in Python's syntax relative to the root.

    A container that is reached twice is looked into once, under the first path, so that a value may hold itself. An
    empty container is a leaf, and so is what cannot be looked into. Arrays are leaves; those of objects, and those
    with fields, are not.

    Args:
        value: Any object. None of its code runs but what its class says for copies, and what JAX was told of it.

    Yields:
        The path, such as ``['loss']``, ``[0].weight`` or ``.params['w'][3]``, empty for the root; and the leaf.
    """
    eye = Eye()
    kept: Dict[int, Any] = {}
    waiting: List[Iterator[Tuple[Path, Any]]] = [iter([(None, value)])]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
            continue
        path, held = found
        view = eye.view(held)
        if view.payload is not None or view.opaque or view.is_empty():
            yield render(path), held
        if id(held) not in kept:
            kept[id(held)] = held  # so that its address stays its own
            waiting.append(_children(path, view))


def _children(path: Path, view: View) -> Iterator[Tuple[Path, Any]]:
    for step, value in view.steps():
        yield (path, step), value
