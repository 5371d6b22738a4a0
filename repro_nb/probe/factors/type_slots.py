"""Methods of classes that are written in C, which refuse to have one replaced."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

__all__ = ["set_method"]


def set_method(cls: type, name: str, function: Any) -> None:
    """Make `function` the method `name` of `cls`, in place, so that every instance and subclass has it.

    Raises:
        TypeError: This interpreter does not let it be done.
    """
    try:
        setattr(cls, name, function)
    except TypeError:
        _write(cls, name, function)
    if cls.__dict__.get(name) is not function:
        raise TypeError(f"{cls.__name__}.{name} cannot be replaced here")


def _write(cls: type, name: str, function: Any) -> None:
    """Write into the dictionary behind the read-only view that a class shows of it."""
    found = [held for held in gc.get_referents(cls.__dict__) if type(held) is dict]
    modified = getattr(getattr(ctypes, "pythonapi", None), "PyType_Modified", None)
    if len(found) != 1 or modified is None:
        raise TypeError(f"the methods of {cls.__name__} are out of reach here")
    found[0][name] = function
    modified(ctypes.py_object(cls))
