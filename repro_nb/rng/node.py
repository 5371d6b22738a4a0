"""An object on the walk, and what is the same for every step of it."""

from __future__ import annotations

import itertools
import types
from collections import OrderedDict, deque
from typing import Any, Callable, FrozenSet, Iterable, List, Mapping, NamedTuple

__all__ = ["LEAVES", "Expander", "Node", "Scope", "all_leaves", "is_leaf"]

_NUMBERS = (int, float, complex, bool)
_TEXTS = (str, bytes, bytearray, memoryview)
_OTHERS = (range, slice, set, frozenset, type(None), type(Ellipsis), type(NotImplemented))
_MACHINERY = (
    *(types.CodeType, types.FrameType, types.TracebackType, types.MappingProxyType),
    *(types.WrapperDescriptorType, types.MethodDescriptorType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType),
)
LEAVES = frozenset(id(cls) for cls in (*_NUMBERS, *_TEXTS, *_OTHERS, *_MACHINERY))
"""Addresses of the types behind whose instances nothing can lie."""
_PLAIN_CONTAINERS = frozenset(id(cls) for cls in (dict, list, tuple, OrderedDict, deque))


def all_leaves(values: Iterable[Any]) -> bool:
    """Whether nothing can lie behind any of `values`, told by their types alone, at the speed of C."""
    # By address, as in `LEAVES`: to hash a type would ask its metaclass.
    return LEAVES.issuperset(map(id, map(type, values)))


def is_leaf(value: Any) -> bool:
    """Whether nothing can lie behind `value`: a number, a text, an empty container."""
    cls = type(value)
    return id(cls) in LEAVES or (id(cls) in _PLAIN_CONTAINERS and not value)


class Node(NamedTuple):
    """An object on the way.

    Attributes:
        value: The object.
        path: The expression that reaches it.
        mentioned: Names by which the code that leads here may use what it finds: the cell's own, or those of
            the function on the way. They say what in a module is looked at.
        foreign: How many objects of installed packages lie on the way, in a row.
    """

    value: Any
    path: str
    mentioned: FrozenSet[str]
    foreign: int = 0

    def mark(self) -> Any:
        """What tells whether this was looked at before; a module is looked at once for each set of names."""
        if type(self.value) is types.ModuleType:
            return id(self.value), self.mentioned
        return id(self.value)

    def child(self, value: Any, step: str) -> Node:
        """What `step` leads to from here."""
        return Node(value, self.path + step, self.mentioned, self.foreign)


class Scope:
    """What is the same for every step of a walk.

    Attributes:
        namespace: The user's variables; functions that have these as their globals are the notebook's own.
        items: Elements of one container, and names of one class or module, that are looked at.
        cut: Whether a container had more than that, and objects among them.
        taken: Elements that were looked at in all.
    """

    def __init__(self, namespace: Mapping[str, Any], items: int) -> None:
        self.namespace = namespace
        self.items = items
        self.cut = False
        self.taken = 0

    def first(self, elements: Iterable[Any]) -> List[Any]:
        """The first of `elements`, taken at one go, as other threads may add to them."""
        found = list(itertools.islice(elements, self.items))
        self.taken += len(found)
        return found


Expander = Callable[[Node, Scope], List[Node]]
