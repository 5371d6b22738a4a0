"""What lies directly behind an object, by its exact type: the single steps of the walk in `repro_nb.rng.reach`."""

from __future__ import annotations

import sys
import types
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from repro_nb.rng.callables import CALLABLES, behind_module, behind_partial
from repro_nb.rng.containers import CONTAINERS, ITERATORS
from repro_nb.rng.held import bases_of
from repro_nb.rng.node import Expander, Node, Scope, is_leaf
from repro_nb.rng.usercode import is_user_class

__all__ = ["expander_of"]

_MAX_FOREIGN = 3
_MAX_KEPT = 4096
_DESCRIPTORS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_EXACT: Dict[int, Expander] = {**CONTAINERS, **ITERATORS, **CALLABLES}
_kept: Dict[int, Tuple[type, Optional[Expander]]] = {}
_SHELL_PACKAGES = frozenset(("IPython", "ipykernel", "repro_nb", "tornado", "traitlets", "zmq"))
_home_of_class = type.__dict__["__module__"].__get__
_dict_of_class = type.__dict__["__dict__"].__get__


def expander_of(cls: type) -> Optional[Expander]:
    """What gives the objects behind an instance of `cls`; None if there are none.

    The answer is kept for classes of installed packages, and not for the user's, whose reference counts are theirs.
    """
    exact = _EXACT.get(id(cls))
    if exact is not None:
        return exact
    kept = _kept.get(id(cls))
    if kept is not None:
        return kept[1]
    expander = _find_expander(cls)
    if not is_user_class(cls) and len(_kept) < _MAX_KEPT:
        _kept[id(cls)] = cls, expander
    return expander


def _find_expander(cls: type) -> Optional[Expander]:
    bases = bases_of(cls)
    # Compared by address: `in` would ask a metaclass for equality.
    addresses = [id(base) for base in bases]
    if any(id(opaque) in addresses for opaque in _opaque_types()) or _is_of_the_shell(cls):
        return None
    for base, expander in (
        (type, _class),
        (types.ModuleType, behind_module),
        (partial, behind_partial),
    ):
        if id(base) in addresses:
            return expander
    return _instances_of(cls, bases)


def _opaque_types() -> Iterator[Any]:
    """Bulk data, which hold no sources but have many attributes."""
    for module, name in (("numpy", "ndarray"), ("torch", "Tensor"), ("pandas", "DataFrame")):
        cls = getattr(sys.modules.get(module), name, None)
        if cls is not None:
            yield cls


def _is_of_the_shell(cls: type) -> bool:
    """Whether `cls` is of what runs the notebook: behind the stream that a variable may hold lies all of it."""
    home = _home_of_class(cls)
    return type(home) is str and home.partition(".")[0] in _SHELL_PACKAGES


def _class(node: Node, scope: Scope) -> List[Node]:
    return _behind_class(node, node.value, scope)


def _behind_class(node: Node, cls: type, scope: Scope) -> List[Node]:
    """What the user's classes among the bases of `cls` define: methods and class attributes."""
    return [
        node.child(value, f".{name}")
        for base in bases_of(cls)
        if is_user_class(base)
        for name, value in scope.first(_dict_of_class(base).items())
        if not is_leaf(value)
    ]


class _Shape(NamedTuple):
    """How the instances of a class keep what they hold.

    Attributes:
        attributes: Gives an instance's ``__dict__``; None if it has none.
        slots: Name and descriptor of each slot.
        elements: Gives what it holds as a container; None if it is none.
        foreign: Whether it is a class of an installed package.
    """

    attributes: Optional[Callable[[Any], Any]]
    slots: Tuple[Tuple[str, Any], ...]
    elements: Optional[Expander]
    foreign: bool


def _instances_of(cls: type, bases: Tuple[type, ...]) -> Optional[Expander]:
    shape = _shape_of(bases, foreign=not is_user_class(cls))
    if shape.foreign and not (shape.attributes or shape.slots or shape.elements):
        return None

    return partial(_instance, shape)


def _shape_of(bases: Tuple[type, ...], *, foreign: bool) -> _Shape:
    attributes = None
    slots: List[Tuple[str, Any]] = []
    for base in bases:
        names = _dict_of_class(base)
        own = names.get("__dict__")
        if attributes is None and any(type(own) is kind for kind in _DESCRIPTORS):
            attributes = own.__get__
        slots += [
            (name, value)
            for name, value in names.items()
            if type(value) is types.MemberDescriptorType and name != "__dict__"
        ]
    elements = next((CONTAINERS[id(base)] for base in bases if id(base) in CONTAINERS), None)
    return _Shape(attributes, tuple(slots), elements, foreign)


def _instance(shape: _Shape, node: Node, scope: Scope) -> List[Node]:
    if node.foreign + shape.foreign > _MAX_FOREIGN:
        return []
    here = node._replace(foreign=node.foreign + 1 if shape.foreign else 0)
    children = shape.elements(here, scope) if shape.elements else []
    if shape.attributes:
        children += [
            here.child(value, f".{name}")
            for name, value in scope.first(dict.items(shape.attributes(node.value) or {}))
            if not is_leaf(value)
        ]
    children += _slots(here, shape)
    if not shape.foreign:
        children += _behind_class(here, type(node.value), scope)
    return children


def _slots(node: Node, shape: _Shape) -> List[Node]:
    children = []
    for name, descriptor in shape.slots:
        try:
            children.append(node.child(descriptor.__get__(node.value), f".{name}"))
        except AttributeError:  # never assigned
            continue
    return children
