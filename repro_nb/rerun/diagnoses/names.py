"""Which names a cell binds, which it needs from others, and what it imports: read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.dataflow import depends_on_all, statements_of

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.notebook import CodeCell
    from repro_nb.rerun.result import Origin

__all__ = ["CellNames", "imported_by", "missing_beside", "names_of", "upstream"]

_EXECUTING = frozenset({"exec", "execfile", "globals", "locals", "vars"})
_RUNNING_MAGICS = frozenset({"load", "loadpy", "pylab", "restart", "run", "store"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, kw_only=True)
class CellNames:
    """The names of a cell.

    Attributes:
        binds: Names that it binds in the notebook's namespace.
        needs: Names that it reads before it has bound them, those among them that its functions read.
        inner: Names that its functions bind for themselves.
        imports: Modules that it imports, such as ``sklearn.svm``.
        stars: Modules that it imports everything from.
        opaque: It may bind names that its source does not show.
    """

    binds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()
    imports: tuple[str, ...] = ()
    stars: tuple[str, ...] = ()
    opaque: bool = False


@lru_cache(maxsize=4096)
def names_of(source: str) -> CellNames:
    """The names of the cell with this text; those of a cell that is no Python are unknown, and none."""
    tree, statements = parse_cell(source), statements_of(source)
    if tree is None or statements is None:
        return CellNames(opaque=True)
    bound: set[str] = set()
    needed: set[str] = set()
    for statement in statements:
        needed |= (statement.uses | statement.changes) - bound
        bound |= statement.binds
    stars = tuple(_stars(tree))
    return CellNames(
        binds=frozenset(bound),
        needs=frozenset(needed | {name for each in statements for name in each.later - bound}),
        inner=frozenset(_inner(tree)) - bound,
        imports=tuple(dict.fromkeys(_imports(tree))),
        stars=stars,
        opaque=bool(stars) or any(_runs_text(node) for node in ast.walk(tree)),
    )


def missing_beside(case: Case, name: str, origin: Origin) -> list[str]:
    """Other names than `name` that the statement at `origin` reads, and that no cell before it binds.

    None where an earlier cell may bind names that its text does not show.
    """
    before = [names_of(cell.source) for cell in case.cells[: origin.cell]]
    if any(names.opaque for names in before):
        return []
    bound = {each for names in before for each in names.binds} | {name}
    for statement in statements_of(case.cells[origin.cell].source) or ():
        last = statement.node.end_lineno or statement.node.lineno
        if statement.node.lineno <= origin.line <= last:
            return sorted(statement.uses - bound)
        bound |= statement.binds
    return []


def upstream(cells: Sequence[CodeCell], cell: int) -> tuple[int, ...]:
    """Earlier cells that `cell` takes values from, directly or through others, in document order."""
    return tuple(sorted(depends_on_all([each.source for each in cells[: cell + 1]])[cell]))


def imported_by(cells: Sequence[CodeCell], indices: Iterable[int]) -> frozenset[str]:
    """Top-level modules that these cells import, and those whose names they use, wherever these are imported."""
    chosen = [names_of(cells[index].source) for index in indices]
    needed = {name for names in chosen for name in names.needs}
    direct = {module for names in chosen for module in names.imports}
    through = {
        module
        for cell in cells
        for name, module in _bound_by_import(cell.source).items()
        if name in needed
    }
    return frozenset(module.partition(".")[0] for module in direct | through) - {""}


@lru_cache(maxsize=4096)
def _bound_by_import(source: str) -> dict[str, str]:
    """The module that each name comes from which the cell binds by importing."""
    found: dict[str, str] = {}
    for node in ast.walk(parse_cell(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = node.module or ""
    return found


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _stars(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield "." * node.level + (node.module or "")


def _inner(tree: ast.AST) -> Iterator[str]:
    for function in (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)):
        for node in ast.walk(function):
            if isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _runs_text(node: ast.AST) -> bool:
    """Whether a call may run code that is not in the cell."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _EXECUTING
        case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(name), *_]):
            return name in _RUNNING_MAGICS
    return False
