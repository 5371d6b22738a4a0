"""What to do about a cause, in the names that the notebook has for what the advice calls."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from repro_nb.rerun.dataflow import Statement
from repro_nb.rng import sources

if TYPE_CHECKING:
    from repro_nb.rerun.attribution.facts import Facts, Line

__all__ = ["advised_code", "in_names_of"]

_CODE = re.compile(r"`[^`\n]+`")
_DOTTED = re.compile(r"(?<![\w.'\"%])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_USUAL = {"np": "numpy", "tf": "tensorflow", "pd": "pandas"}


def advised_code(facts: Facts, line: Line, cells: Iterable[int]) -> str:
    """The line that advice is for; empty where several draw from one stream, and a seed of one is not enough.

    Args:
        facts: What the runs tell.
        line: Where the factor came in.
        cells: Indices of the cells that differ.
    """
    if facts.factor in {source.name for source in sources()}:
        last = max(cells, default=line.cell)
        drawing = {use.line for use in facts.uses if use.during <= last}
        if len(drawing) > 1:
            return ""
    return facts.code(line)


def in_names_of(facts: Facts, advice: str, line: str) -> str:
    """`advice` with modules called as the notebook calls them: ``rnd.seed(42)`` after ``import random as rnd``.

    Args:
        facts: What the runs tell.
        advice: The advice, code in backquotes.
        line: The line of the notebook that it may quote, which stays as it is.
    """
    known = _bound(statement for cell in facts.statements for statement in cell)
    quoted = f"`{line}`"
    parts = advice.split(quoted) if line else [advice]
    return quoted.join(_CODE.sub(lambda found: _renamed(found[0], known), part) for part in parts)


def _bound(statements: Iterable[Statement]) -> dict[str, str]:
    """What each imported name stands for; nothing for one that is bound to something else besides."""
    return {
        name: path
        for statement in statements
        for node in ast.walk(statement.node)
        for name, path in _imports(node)
    }


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (
            (alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names
        )


def _renamed(code: str, known: Mapping[str, str]) -> str:
    """A piece of code in backquotes, with the imports behind it that it needs and that would clash."""
    needed: dict[str, None] = {}

    def rename(found: re.Match[str]) -> str:
        name, statement = _name_for(found[0], known)
        if statement:
            needed[statement] = None
        return name

    renamed = _DOTTED.sub(rename, code)
    return renamed + "".join(f" (`{statement}`)" for statement in needed)


def _name_for(dotted: str, known: Mapping[str, str]) -> tuple[str, str]:
    """How the notebook can say a dotted name, and an import where it cannot yet because its first part is taken."""
    top, _, rest = dotted.partition(".")
    module = _USUAL.get(top, top)
    if module not in sys.stdlib_module_names and module not in _LIBRARIES:
        return dotted, ""
    path = f"{module}.{rest}"
    for name, stands_for in known.items():
        if path == stands_for:
            return name, ""
        if path.startswith(f"{stands_for}."):
            return name + path[len(stands_for) :], ""
    if top not in known:
        return dotted, ""
    attribute, _, last = rest.partition(".")
    return f"{attribute}.{last}" if last else attribute, f"from {module} import {attribute}"


_LIBRARIES = frozenset({"numpy", "torch", "tensorflow", "cupy", "pandas"})
