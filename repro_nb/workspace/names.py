"""The names that code uses, and those that are not the user's."""

from __future__ import annotations

import dis
import re
from types import CodeType
from typing import FrozenSet, Set

__all__ = ["SHELL_NAME", "global_names"]

SHELL_NAME = re.compile(r"_i{1,3}|_i\d+|_[id]h|In|exit|quit|get_ipython|__\w+__")
"""What IPython keeps among the user's variables, and Python itself."""


def global_names(code: CodeType) -> FrozenSet[str]:
    """The global names that `code` reads, sets or deletes, in the functions and classes within it too."""
    names: Set[str] = {
        str(step.argval)
        for step in dis.get_instructions(code)
        if "NAME" in step.opname or "GLOBAL" in step.opname
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= global_names(constant)
    return frozenset(names)
