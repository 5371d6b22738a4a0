"""Which objects of modules a function's code names, read from its bytecode."""

from __future__ import annotations

import dis
import sys
from types import FunctionType
from typing import Any, Dict, Iterator

from repro_nb.rng.usercode import is_module, module_names

__all__ = ["objects_used_by"]


def objects_used_by(function: FunctionType) -> Iterator[Any]:
    """Every object that `function` reaches by a global name or an import, and from there by attributes of modules.

    Nothing is run and nothing is imported: imports are looked up among the loaded modules.
    """
    local: Dict[str, Any] = {}
    imported = ""
    here: Any = None
    for step in dis.get_instructions(function.__code__):
        if step.opname == "LOAD_GLOBAL":
            here = function.__globals__.get(step.argval)
        elif step.opname == "IMPORT_NAME":
            imported = step.argval
            here = sys.modules.get(imported.partition(".")[0])
        elif step.opname == "IMPORT_FROM":
            here = _from(imported, step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            here = _attribute(here, step.argval)
        elif step.opname == "STORE_FAST":
            local[step.argval] = here
        elif step.opname.startswith("LOAD_FAST"):
            here = local.get(step.argval)
        yield here


def _attribute(module: Any, name: str) -> Any:
    return module_names(module).get(name) if is_module(module) else None


def _from(imported: str, name: str) -> Any:
    """What ``from imported import name`` binds; ``import a.b as c`` compiles to ``from a.b import b``."""
    module = sys.modules.get(imported)
    found = _attribute(module, name)
    return module if found is None and imported.endswith(f".{name}") else found
