"""Whether a cell seeds a stream before anything in it can have drawn from it."""

from __future__ import annotations

import ast
from typing import Collection, Set

__all__ = ["seeds_first"]

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_QUIET = frozenset({"display", "len", "print", "range"})


def seeds_first(text: str, call: str, seedings: Collection[str]) -> bool:
    """Whether only imports, definitions, plain assignments and other seedings come before a seeding.

    Args:
        text: The cell's.
        call: The seeding call, as a record tells it.
        seedings: Every seeding call of the cell.
    """
    try:
        tree = ast.parse(_without_magics(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a cell need not be Python
        return False
    for statement in tree.body:
        calls = _calls(statement, text)
        if not calls <= {*seedings, call}:
            return False
        if call in calls:
            return True
    return False


def _calls(statement: ast.stmt, text: str) -> Set[str]:
    """The calls that run with a statement, as texts; without those that draw nothing for sure."""
    if isinstance(statement, _DEFINITIONS):
        return set()
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    loud = [call for call in calls if getattr(call.func, "id", "") not in _QUIET]
    return {" ".join((ast.get_source_segment(text, call) or "").split()) for call in loud}


def _without_magics(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join("pass\n" if line[:1] in ("%", "!", "?") else line for line in lines)
