"""Which statements a cell's output can come from: backwards through names, as far as values differ."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from repro_nb.rerun.attribution.facts import Facts, Spot
from repro_nb.rerun.dataflow import Statement, definitions_in, imported, with_called

__all__ = ["all_spots", "carriers", "shows"]

_SILENT = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Delete,
    ast.Pass,
    ast.Global,
)


def shows(statement: Statement) -> bool:
    """Whether a statement may print or show something by itself."""
    return not isinstance(statement.node, _SILENT)


def all_spots(facts: Facts, cell: int) -> tuple[Spot, ...]:
    """Every statement that ran up to the end of `cell`, in order."""
    return tuple(
        Spot(index, number)
        for index in facts.before(cell)
        for number in range(len(facts.statements[index]))
    )


def carriers(
    facts: Facts, cell: int, begins: Callable[[Statement], bool], *, all_values: bool = False
) -> tuple[Spot, ...]:
    """The statements from which what `cell` shows can come, in the order in which they ran.

    Args:
        facts: What the runs tell.
        cell: The cell that differs.
        begins: Which of its statements to begin with.
        all_values: Also go back through variables that are known to be the same in both runs.
    """
    walk = _Walk(facts, cell, all_values=all_values)
    return tuple(reversed(list(walk.run(begins))))


def _loop_names(node: ast.stmt) -> set[str]:
    """Names that a loop binds anew before it reads them: ``w`` of a former loop is not where this one's comes from."""
    if not isinstance(node, ast.For | ast.AsyncFor):
        return set()
    taken = {each.id for each in ast.walk(node.iter) if isinstance(each, ast.Name)}
    return {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)} - taken


class _Walk:
    """One walk, from the last statement to the first."""

    def __init__(self, facts: Facts, cell: int, *, all_values: bool) -> None:
        self._facts = facts
        self._cell = cell
        self._all_values = all_values
        self._modules = imported(facts.sources)
        self._spots = all_spots(facts, cell)
        self._definitions = definitions_in(facts.statement(spot) for spot in self._spots)
        self._needed: set[str] = set()
        # Names that a later statement of the same cell sets: their value at its end is not the one here.
        self._set_later: set[str] = set()

    def run(self, begins: Callable[[Statement], bool]) -> Iterator[Spot]:
        """The statements, backwards."""
        current = self._cell
        for spot in reversed(self._spots):
            if spot.cell != current:
                self._set_later.clear()
                current = spot.cell
            statement = self._facts.statement(spot)
            sets = (statement.binds | statement.changes) - self._modules
            hits = {name for name in sets & self._needed if not self._is_same(current, name)}
            self._needed -= sets - hits - self._set_later
            self._set_later |= sets
            if hits or (spot.cell == self._cell and begins(statement)):
                self._needed -= statement.replaces & hits
                self._need(statement)
                yield spot

    def _need(self, statement: Statement) -> None:
        names = statement.uses | (statement.changes - self._modules)
        names -= _loop_names(statement.node)
        self._needed |= with_called(names, self._definitions) - self._modules

    def _is_same(self, cell: int, name: str) -> bool:
        """Whether a value, as a statement left it, is known to be the same in both runs."""
        if self._all_values or name in self._set_later:
            return False
        return self._facts.differs(cell, name) is False
