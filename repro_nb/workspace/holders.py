"""What holds the values that code can reach by name: the namespace, the user's modules, classes and functions.

Copies of variables share these, so that their names are put back one by one.
"""

from __future__ import annotations

import enum
import re
from types import FunctionType
from typing import Any, Dict, Optional, Set

from repro_nb.rng.held import bases_of
from repro_nb.rng.node import all_leaves
from repro_nb.rng.usercode import is_user_class, is_user_module

__all__ = ["Holder", "class_holder", "function_holder", "names_holder"]

_OWN_TO_PYTHON = re.compile(r"__\w+__|_abc_impl")
_attributes_of_class = type.__dict__["__dict__"].__get__


class Holder:
    """Values by name, in one place.

    Args:
        prefix: What stands before a name in reports, such as ``Config.``.

    Attributes:
        wanted: The names whose values the code may change in place; None for all of them.
    """

    def __init__(self, prefix: str, wanted: Optional[Set[str]] = None) -> None:
        self.prefix = prefix
        self.wanted = wanted

    def read(self) -> Dict[str, Any]:
        """All values, by name."""
        raise NotImplementedError

    def write(self, name: str, value: Any) -> None:
        """Give a name a value."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Take a name away."""
        raise NotImplementedError

    def changeable(self) -> Dict[str, Any]:
        """The values that are wanted, by name."""
        values = self.read()
        return {
            name: value
            for name, value in values.items()
            if self.wanted is None or name in self.wanted
        }

    def put_back(self, before: Dict[str, Any]) -> None:
        """Hold what it held when `before` was read, and nothing else: the very objects."""
        now = self.read()
        for name in now:
            if name not in before:
                self.remove(name)
        for name, value in before.items():
            if name not in now or now[name] is not value:
                self.write(name, value)


class _Names(Holder):
    """A namespace."""

    def __init__(self, prefix: str, names: Dict[str, Any]) -> None:
        super().__init__(prefix, set())
        self._names = names

    def read(self) -> Dict[str, Any]:
        return dict(self._names)

    def write(self, name: str, value: Any) -> None:
        self._names[name] = value

    def remove(self, name: str) -> None:
        del self._names[name]


class _Attributes(Holder):
    """The data that a class holds for all of its instances."""

    def __init__(self, cls: type) -> None:
        super().__init__(f"{cls.__qualname__}.")
        self._class = cls

    def read(self) -> Dict[str, Any]:
        return {
            name: value
            for name, value in _attributes_of_class(self._class).items()
            if not _OWN_TO_PYTHON.fullmatch(name) and not hasattr(type(value), "__get__")
        }

    def write(self, name: str, value: Any) -> None:
        type.__setattr__(self._class, name, value)

    def remove(self, name: str) -> None:
        type.__delattr__(self._class, name)


class _Function(Holder):
    """What a function keeps: variables of its closure, default values, attributes."""

    def __init__(self, function: FunctionType) -> None:
        super().__init__(f"{function.__qualname__}.")
        self._function = function
        names = function.__code__.co_freevars
        self._cells = dict(zip((f"<closure>.{name}" for name in names), function.__closure__ or ()))  # noqa: B905  strict= is younger than 3.9

    def read(self) -> Dict[str, Any]:
        values = dict(vars(self._function))
        if not all_leaves(self._function.__defaults__ or ()):
            values["__defaults__"] = self._function.__defaults__
        if not all_leaves((self._function.__kwdefaults__ or {}).values()):
            values["__kwdefaults__"] = self._function.__kwdefaults__
        for name, cell in self._cells.items():
            try:
                values[name] = cell.cell_contents
            except ValueError:  # not bound yet
                continue
        return values

    def write(self, name: str, value: Any) -> None:
        if name in self._cells:
            self._cells[name].cell_contents = value
        else:
            setattr(self._function, name, value)

    def remove(self, name: str) -> None:
        if name in self._cells:
            del self._cells[name].cell_contents
        else:
            delattr(self._function, name)


def names_holder(prefix: str, names: Dict[str, Any]) -> Holder:
    """The holder of a namespace, of whose names none is wanted yet."""
    return _Names(prefix, names)


def class_holder(value: Any) -> Optional[Holder]:
    """The holder of `value`'s attributes, if it is a class that the user wrote; members of an enumeration are fixed."""
    if type not in bases_of(type(value)) or not is_user_class(value):
        return None
    return None if enum.Enum in bases_of(value) else _Attributes(value)


def function_holder(value: Any, namespace: Dict[str, Any]) -> Optional[Holder]:
    """The holder of what `value` keeps, if it is a function that the user wrote."""
    if type(value) is not FunctionType:
        return None
    home = value.__globals__
    mine = home is namespace or is_user_module(str(home.get("__name__")))
    return _Function(value) if mine else None
