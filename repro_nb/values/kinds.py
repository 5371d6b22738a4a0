"""What is known of each type, in one table: a new kind of value is one file, and its name here."""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Any, Dict, Mapping, Optional, Tuple

from repro_nb.imports import whole_module
from repro_nb.values import (
    builtin,
    calendar,
    jax,
    numpy,
    pandas,
    pictures,
    polars,
    scipy,
    streams,
    tensorflow,
    torch,
    xarray,
)
from repro_nb.values.objects import attributes_of, bases_of, view_of_object
from repro_nb.values.view import Kind, Named, View

__all__ = ["Eye"]

_FILES: Tuple[Any, ...] = (
    *(builtin, calendar, numpy, torch, jax, pandas, scipy),
    *(pictures, polars, streams, tensorflow, xarray),
)
_HOMES = tuple(dict.fromkeys(home for file in _FILES for home in file.KINDS))
_LONGEST_REASON = 200


def _known() -> Mapping[int, Kind]:
    """Kinds by address of the type, for the libraries that are loaded."""
    return _table_of(*map(whole_module, _HOMES))


@lru_cache(maxsize=1)
def _table_of(*modules: Any) -> Mapping[int, Kind]:
    """The table, made anew when another library is there."""
    table: Dict[int, Kind] = {}
    for home, module in zip(_HOMES, modules):  # noqa: B905 - `strict` is newer than Python 3.9
        # Not by getattr, which makes a lazy module import what is asked for.
        names = {} if module is None else vars(module)
        for file in _FILES:
            for name, kind in file.KINDS.get(home, {}).items():
                if name in names:
                    table[id(names[name])] = kind
    return table


class Eye:
    """Looks at objects, for the length of one walk."""

    def __init__(self) -> None:
        self._known = _known()
        self._by_class: Dict[int, Tuple[type, Optional[Kind], bool]] = {}

    def view(self, value: Any) -> View:
        """What `value` is made of. What raises when it is looked at is opaque."""
        try:
            return self._view(value)
        except Exception as error:  # noqa: BLE001 - a user's code may raise anything, and the walk goes on
            return View(opaque=f"{type(error).__name__} when it was read{_text(error)}")

    def _view(self, value: Any) -> View:
        _, kind, is_derived = self._kind(type(value))
        if kind is None:
            return jax.view_of_node(value) or view_of_object(value)
        view = kind.look(value)
        if is_derived and kind.attributes:
            return view._replace(parts=(*view.parts, Named(attributes_of(value))))
        return view

    def _kind(self, cls: type) -> Tuple[type, Optional[Kind], bool]:
        """The class, kept so that its address stays its own; its kind; whether it derives from a known class."""
        found = self._by_class.get(id(cls))
        if found is None:
            base = self._base(cls)
            kind = None if base is None else self._known[id(base)]
            found = self._by_class[id(cls)] = (cls, kind, base is not cls)
        return found

    def _base(self, cls: type) -> Optional[type]:
        bases = bases_of(cls)
        if enum.Enum in bases:
            return enum.Enum  # before the type of the members' values
        return next((base for base in bases if id(base) in self._known), None)


def _text(error: Exception) -> str:
    """What an error says, unless saying it raises."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - a user's __str__
        return ""
    return f": {lines[0]:.{_LONGEST_REASON}}" if lines else ""
