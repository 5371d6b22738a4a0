"""Telling the user's own code from that of Python and of installed packages."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Dict, Tuple

from repro_nb.rng.held import bases_of

__all__ = ["is_installed", "is_module", "is_user_class", "is_user_module", "module_names"]

_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - kernels load os anyway, pathlib not
_INSTALLED = ("site-packages", "dist-packages")
_names_of: Any = ModuleType.__dict__["__dict__"].__get__  # type: ignore[index] # a mapping, whatever its stub says
_home_of = type.__dict__["__module__"].__get__

_judged: Dict[str, Tuple[Any, bool]] = {}


def is_module(value: Any) -> bool:
    """Whether `value` is a module, without asking it: entries of ``sys.modules`` can be anything."""
    return any(base is ModuleType for base in bases_of(type(value)))


def module_names(module: ModuleType) -> Dict[str, Any]:
    """What a module defines, past any ``__getattr__`` of its own."""
    names: Dict[str, Any] = _names_of(module)
    return names


def is_user_class(cls: type) -> bool:
    """Whether the user wrote `cls`."""
    home = _home_of(cls)
    return type(home) is str and is_user_module(home)


def is_user_module(name: str) -> bool:
    """Whether a module is the user's: the notebook itself, or a file that is not in an installed package."""
    module = sys.modules.get(name)
    if name == "__main__" or module is None:
        return True
    names = module_names(module) if is_module(module) else {}
    place = names.get("__file__") or names.get("__path__")
    judged = _judged.get(name)
    if judged is None or judged[0] is not place:
        judged = _judged[name] = (place, _is_user_place(name, place))
    return judged[1]


def is_installed(spec: ModuleSpec) -> bool:
    """Whether a module that is about to be imported is of Python or an installed package."""
    return not _is_user_place(spec.name, spec.origin or spec.submodule_search_locations)


def _is_user_place(name: str, place: Any) -> bool:
    if place is None or name.partition(".")[0] == "repro_nb":
        return False  # a module without a place is built in
    paths = [place] if type(place) is str else list(place)  # a package without __init__ has several
    return not any(
        path.startswith(_STANDARD_LIBRARY) or any(part in path for part in _INSTALLED)
        for path in paths
    )
