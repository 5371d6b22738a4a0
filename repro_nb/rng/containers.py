"""What containers and suspended iterators hold."""

from __future__ import annotations

import gc
import itertools
import types
from collections import deque
from typing import Any, Dict, List, Tuple

from repro_nb.rng.node import LEAVES, Expander, Node, Scope, all_leaves, is_leaf

__all__ = ["CONTAINERS", "ITERATORS"]

_MAX_KEY = 60


def _dict(node: Node, scope: Scope) -> List[Node]:
    items = scope.first(dict.items(node.value))
    if all_leaves(value for _, value in items):
        return []
    children = [
        node.child(value, _subscript(key, position))
        for position, (key, value) in enumerate(items)
        if not is_leaf(value)
    ]
    # A long container of numbers hides nothing; one of objects may.
    scope.cut |= bool(children) and dict.__len__(node.value) > scope.items
    return children


def _subscript(key: Any, position: int) -> str:
    if type(key) in (str, int, bool, float, type(None)):
        return f"[{key!r:.{_MAX_KEY}}]"
    return f"[<key {position}>]"


def _sequence_of(cls: Any) -> Expander:
    def expand(node: Node, scope: Scope) -> List[Node]:
        values = scope.first(cls.__iter__(node.value))
        if all_leaves(values):
            return []
        children = [
            node.child(value, f"[{position}]")
            for position, value in enumerate(values)
            if id(type(value)) not in LEAVES
        ]
        scope.cut |= bool(children) and cls.__len__(node.value) > scope.items
        return children

    return expand


def _iterator(node: Node, scope: Scope) -> List[Node]:
    # The collector's view of a suspended generator shows its variables without making a frame object.
    referents = scope.first(gc.get_referents(node.value))
    return [node.child(value, f".<held {position}>") for position, value in enumerate(referents)]


CONTAINERS: Dict[int, Expander] = {
    id(dict): _dict,
    id(list): _sequence_of(list),
    id(tuple): _sequence_of(tuple),
    id(deque): _sequence_of(deque),
}
"""Expanders of the built-in containers, by address of the type."""

_ITERATOR_TYPES: Tuple[Any, ...] = (
    *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType),
    *(map, filter, zip, enumerate, reversed, type(iter([])), type(iter(()))),
    *(itertools.chain, itertools.islice, itertools.starmap, itertools.cycle, itertools.repeat),
)
ITERATORS: Dict[int, Expander] = {id(cls): _iterator for cls in _ITERATOR_TYPES}
"""Expanders of suspended generators and of the built-in iterators, by address of the type."""
