"""Where the order of a set gets out: lines that loop over one, list, join or pop it; and lines that hash."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from repro_nb.rerun.attribution.matching import Match, Rank, line_of
from repro_nb.rerun.attribution.set_kinds import (
    INDIFFERENT,
    KEEPING,
    ORDERING,
    Kind,
    SetKinds,
    name_of,
    owner_of,
)
from repro_nb.rerun.dataflow import Statement

__all__ = ["SetOrder"]

_EXTREMES = frozenset({"min", "max"})


class SetOrder:
    """Finds the lines that depend on a hash.

    Args:
        statements: The statements that ran, in order.
    """

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._kinds = SetKinds(statements)

    def matches(self, statement: Statement) -> Iterator[Match]:
        """The places of a statement where an order gets out, or a hash."""
        yield from self._matches(statement.node)

    def _matches(self, node: ast.AST, *, indifferent: bool = False) -> Iterator[Match]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._kinds.enter(node)
        yield from self._own(node, indifferent=indifferent)
        for child in ast.iter_child_nodes(node):
            yield from self._matches(child, indifferent=_is_indifferent(node, child, indifferent))

    def _own(self, node: ast.AST, *, indifferent: bool) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            yield from self._of_call(node, indifferent=indifferent)
            return
        if indifferent and not isinstance(node, ast.For):
            return
        for taken in _taken_in_order(node):
            kind = self._kinds.kind(taken)
            if kind is Kind.SET:
                yield Match(Rank.SURE, line_of(taken))
            elif kind is Kind.UNKNOWN and not isinstance(node, ast.FormattedValue):
                yield Match(Rank.POSSIBLE, line_of(taken))

    def _of_call(self, call: ast.Call, *, indifferent: bool) -> Iterator[Match]:
        name = name_of(call.func)
        if name in ("hash", "__hash__"):
            yield Match(Rank.SURE, line_of(call))
        if name == "pop" and not call.args and self._kinds.kind(owner_of(call)) is Kind.SET:
            yield Match(Rank.SURE, line_of(call))
        if (
            indifferent
            or name in INDIFFERENT | KEEPING
            or (name in _EXTREMES and not call.keywords)
        ):
            return
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            kind = self._kinds.kind(argument)
            if kind is Kind.SET:
                orders = name in ORDERING or name in _EXTREMES
                yield Match(Rank.SURE if orders else Rank.LIKELY, line_of(call))
            elif kind is Kind.UNKNOWN and name in ("list", "tuple", "enumerate", "join", "next"):
                yield Match(Rank.POSSIBLE, line_of(call))


def _taken_in_order(node: ast.AST) -> Iterator[ast.expr]:
    """What a node takes element by element, or shows."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield node.iter
    elif isinstance(node, ast.Starred | ast.FormattedValue) or _unpacks(node):
        yield node.value


def _unpacks(node: ast.AST) -> TypeGuard[ast.Assign]:
    """Whether a statement takes something apart into several names."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
        return False
    return not isinstance(node.value, ast.Tuple | ast.Call)


def _is_indifferent(node: ast.AST, child: ast.AST, outer: bool) -> bool:
    """Whether the order of what `child` gives is no matter to `node`."""
    if isinstance(node, ast.SetComp):
        return True
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.comprehension):
        return outer
    if not isinstance(node, ast.Call):
        return False
    name = name_of(node.func)
    return child in node.args and (name in INDIFFERENT or (name in _EXTREMES and not node.keywords))
