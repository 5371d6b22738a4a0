"""Python's own containers and scalars, and what a notebook defines: functions, classes, enumerations."""

from __future__ import annotations

import io
import types
from collections import OrderedDict, deque
from typing import Any, Dict, Mapping

from repro_nb.values.path import full_name, type_name
from repro_nb.values.scalars import Exact, Number, Text
from repro_nb.values.view import Indexed, Keyed, Kind, Look, Named, Unordered, View

__all__ = ["KINDS"]


def _dict(value: Any) -> View:
    return View(parts=(Keyed(list(dict.items(value))),))


def _ordered_dict(value: Any) -> View:
    return View(parts=(Keyed(list(OrderedDict.items(value))),))


def _mapping_proxy(value: Any) -> View:
    return View(parts=(Keyed(list(value.items())),))


def _sequence_of(cls: Any) -> Look:
    def look(value: Any) -> View:
        return View(parts=(Indexed(list(cls.__iter__(value))),))

    return look


def _tuple(value: Any) -> View:
    values = list(tuple.__iter__(value))
    names = getattr(type(value), "_fields", None)
    if type(names) is tuple and len(names) == len(values) and type(value) is not tuple:
        return View(parts=(Named({f".{name}": part for name, part in zip(names, values)}),))  # noqa: B905 - `strict` is newer than Python 3.9
    return View(parts=(Indexed(values),))


def _deque(value: Any) -> View:
    longest = deque.__dict__["maxlen"].__get__(value)
    return View((("maxlen", str(longest)),), parts=(Indexed(list(deque.__iter__(value))),))


def _set(value: Any) -> View:
    return View(parts=(Unordered(list(set.__iter__(value))),))


def _frozen_set(value: Any) -> View:
    return View(parts=(Unordered(list(frozenset.__iter__(value))),))


def _exact(value: Any) -> View:
    return View(payload=Exact(value))


def _int(value: Any) -> View:
    return View(payload=Number(int.__int__(value)))


def _float(value: Any) -> View:
    return View(payload=Number(float.__float__(value)))


def _complex(value: Any) -> View:
    return View(payload=Number(complex.__pos__(value)))


def _str(value: Any) -> View:
    return View(payload=Text(str.__str__(value)))


def _bytes(value: Any) -> View:
    return View(payload=Text(bytes.__getitem__(value, slice(None))))


def _bytearray(value: Any) -> View:
    return View(payload=Text(bytes(bytearray.__getitem__(value, slice(None)))))


def _memoryview(value: Any) -> View:
    facts = (("format", value.format), ("shape", str(value.shape)))
    return View(facts, payload=Text(value.tobytes()))


def _range(value: Any) -> View:
    return View(parts=(Named({f".{name}": getattr(value, name) for name in _RANGE}),))


def _buffer_of(cls: Any) -> Look:
    def look(value: Any) -> View:
        return View(parts=(Named({".getvalue()": cls.getvalue(value)}),))

    return look


def _enum(value: Any) -> View:
    # The name of a combined flag may be missing; its value never is.
    state: Dict[str, Any] = object.__getattribute__(value, "__dict__")
    return View(parts=(Named({".value": state["_value_"]}),))


def _function(value: Any) -> View:
    names = ("__defaults__", "__kwdefaults__", "__dict__")
    held = {f".{name}": getattr(value, name) for name in names}
    for position, cell in enumerate(value.__closure__ or ()):
        held[f".__closure__[{position}]"] = cell
    return View(payload=Exact(value.__code__, "code differs"), parts=(Named(held),))


def _cell(value: Any) -> View:
    try:
        return View(parts=(Named({".cell_contents": value.cell_contents}),))
    except ValueError:
        return View(payload=Exact("an empty cell"))


def _method(value: Any) -> View:
    return View(parts=(Named({".__func__": value.__func__, ".__self__": value.__self__}),))


def _class(value: Any) -> View:
    return View(payload=Exact(full_name(value)))


def _module(value: Any) -> View:
    names: Any = types.ModuleType.__dict__["__dict__"].__get__(value)  # type: ignore[index] # a mapping, whatever its stub says
    return View(payload=Exact(str(names.get("__name__"))))


def _logger(value: Any) -> View:
    # There is one of each name in a process, and it holds locks and open files.
    return View(payload=Exact(str(value.name)))


def _machine(value: Any) -> View:
    # It is numbered by the process, and holds threads, locks and queues.
    return View(opaque=type_name(type(value)))


def _path(value: Any) -> View:
    # Its other attributes are made when they are first asked for.
    return View(payload=Text(str(value)))


def _weak_reference(value: Any) -> View:
    return View(parts=(Named({"()": value()}),))


_RANGE = ("start", "stop", "step")
_BUILTINS: Mapping[str, Look] = {
    "bool": _exact,
    "bytearray": _bytearray,
    "bytes": _bytes,
    "complex": _complex,
    "dict": _dict,
    "float": _float,
    "frozenset": _frozen_set,
    "int": _int,
    "list": _sequence_of(list),
    "memoryview": _memoryview,
    "range": _range,
    "set": _set,
    "str": _str,
    "tuple": _tuple,
    "type": _class,
}
_TYPES: Mapping[str, Look] = {
    "CellType": _cell,
    "CodeType": _exact,
    "FunctionType": _function,
    "MappingProxyType": _mapping_proxy,
    "MethodType": _method,
    "ModuleType": _module,
}


def _kinds(looks: Mapping[str, Look]) -> Mapping[str, Kind]:
    return {name: Kind(look, attributes=True) for name, look in looks.items()}


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "builtins": _kinds(_BUILTINS),
    "types": _kinds(_TYPES),
    "concurrent.futures._base": {"Executor": Kind(_machine)},
    "threading": {"Thread": Kind(_machine)},
    "collections": _kinds({"OrderedDict": _ordered_dict, "deque": _deque}),
    "enum": {"Enum": Kind(_enum)},
    "io": {"BytesIO": Kind(_buffer_of(io.BytesIO)), "StringIO": Kind(_buffer_of(io.StringIO))},
    "logging": {"Logger": Kind(_logger)},
    "pathlib": {"PurePath": Kind(_path)},
    "weakref": {"ReferenceType": Kind(_weak_reference)},
}
"""How they are looked at, by module and name."""
