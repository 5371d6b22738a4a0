"""Which names the top level of a cell assigns, and which of them it needs not know before."""

from __future__ import annotations

import ast
from typing import Iterator, Set

__all__ = ["assigned_first"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def assigned_first(tree: ast.Module) -> Set[str]:
    """The names that a cell's code assigns before anything in it mentions them.

    Only statements of the top level count, which all run, in order: what a loop, a branch or a block assigns, or a
    function mentions, is left out.
    """
    mentioned: Set[str] = set()
    first: Set[str] = set()
    for statement in tree.body:
        bound = set(_bound(statement))
        mentioned.update(_mentioned(statement, bound))
        first |= bound - mentioned
    return first


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that `statement` is sure to bind, once everything else in it is done."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _targets(target)
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from _targets(statement.target)
    elif isinstance(statement, _DEFINITIONS):
        yield statement.name


def _targets(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _targets(element)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value)


def _mentioned(statement: ast.stmt, bound: Set[str]) -> Iterator[str]:
    """All other names in `statement`, and those of `bound` that it may read."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and (node.id not in bound or isinstance(node.ctx, ast.Load)):
            yield node.id
        elif isinstance(node, ast.alias):
            # An import gives what was there already, and may have been changed.
            yield node.asname or node.name.partition(".")[0]
