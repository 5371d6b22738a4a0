"""Objects of classes that are not known: by their attributes, or by what their class says for copies.

Attributes are read through the class's own descriptors, so that no property, ``__getattr__`` or ``__eq__`` runs.
"""

from __future__ import annotations

import copyreg
import struct
import types
from typing import Any, Dict, Iterator, Tuple

from repro_nb.values.path import type_name
from repro_nb.values.scalars import Exact
from repro_nb.values.view import Named, View

__all__ = ["attributes_of", "bases_of", "dict_of", "view_of_object"]

_bases = type.__dict__["__mro__"].__get__
_names_of = type.__dict__["__dict__"].__get__
_size_of = type.__dict__["__basicsize__"].__get__
_item_size_of = type.__dict__["__itemsize__"].__get__
_place_of_names = type.__dict__["__dictoffset__"].__get__
_place_of_references = type.__dict__["__weakrefoffset__"].__get__
_POINTER = struct.calcsize("P")
_SAYS_HOW = ("__reduce_ex__", "__reduce__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")


def bases_of(cls: type) -> Tuple[type, ...]:
    """``cls.__mro__``, past any metaclass that would answer in its own way."""
    bases: Tuple[type, ...] = _bases(cls)
    return bases


def view_of_object(value: Any) -> View:
    """What an object of any class is made of, as far as that can be seen."""
    held = Named(attributes_of(value))
    if not _has_hidden_state(type(value)):
        return View(parts=(held,))
    if not _says_how(type(value)):
        return View(parts=(held,), opaque=type_name(type(value)))
    reduced = _reduced(value)
    if isinstance(reduced, str):
        return View(payload=Exact(reduced))
    return View(parts=(Named(_reduced_parts(reduced)),))


def attributes_of(value: Any) -> Dict[str, Any]:
    """Attributes that an object itself holds, in its dict and its slots, by step."""
    found: Dict[str, Any] = {}
    for name, slot in _slots(type(value)):
        try:
            found[f".{name}"] = slot.__get__(value)
        except AttributeError:
            continue  # a slot that holds nothing yet
    state = dict_of(value)
    found.update((f".{name}", held) for name, held in dict.items(state) if type(name) is str)
    return found


def _slots(cls: type) -> Iterator[Tuple[str, Any]]:
    """The slots that classes written in Python define."""
    for base in bases_of(cls):
        names = _names_of(base)
        if "__slots__" in names:
            for name, member in names.items():
                if type(member) is types.MemberDescriptorType:
                    yield name, member


def dict_of(value: Any) -> Dict[str, Any]:
    """The very dict of an object's attributes; an empty one where it has none."""
    for base in bases_of(type(value)):
        member = _names_of(base).get("__dict__")
        if type(member) in (types.GetSetDescriptorType, types.MemberDescriptorType):
            state = member.__get__(value)
            return state if isinstance(state, dict) else {}
    return {}


def _has_hidden_state(cls: type) -> bool:
    """Whether instances hold more than slots and a dict: something that only their C code sees."""
    seen = (_place_of_names(cls) > 0) + (_place_of_references(cls) > 0) + len(list(_slots(cls)))
    return bool(_size_of(cls) > _size_of(object) + seen * _POINTER or _item_size_of(cls))


def _says_how(cls: type) -> bool:
    """Whether a class says what a copy of an instance is made from. What is left of an iterator is never said."""
    names = [_names_of(base) for base in bases_of(cls) if base is not object]
    if any("__next__" in known for known in names):
        return False
    return cls in copyreg.dispatch_table or any(
        name in known for known in names for name in _SAYS_HOW
    )


def _reduced(value: Any) -> Any:
    """What ``pickle`` and ``copy`` would make a copy from; nothing is pickled."""
    reduce = copyreg.dispatch_table.get(type(value))
    return value.__reduce_ex__(4) if reduce is None else reduce(value)


def _reduced_parts(reduced: Any) -> Dict[str, Any]:
    """Function, arguments, state, and the elements that two iterators give."""
    function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
    parts = (function, arguments, state, items and list(items), pairs and list(pairs))
    return {f".__reduce_ex__(4)[{place}]": part for place, part in enumerate(parts)}
