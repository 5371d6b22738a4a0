"""Which cells depend on which, read from their sources: what each statement binds, changes and uses.

Scopes are told by Python's own `symtable`; what may change an object in place (a method call, an item or attribute
that is set, an argument of a call whose result is dropped) is read from the syntax tree.
"""

from __future__ import annotations

import ast
import builtins
import copy
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from repro_nb.rerun.cell_code import parse_cell

__all__ = [
    "Statement",
    "definitions_in",
    "depends_on",
    "depends_on_all",
    "first_binding",
    "imported",
    "statements_of",
    "with_called",
]

_GIVEN = frozenset(dir(builtins)) | {"display", "get_ipython"}
# What these are given stays as it is.
_HARMLESS = frozenset(
    {"print", "display", "len", "repr", "str", "isinstance", "type", "id", "hash"}
)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement at the top level of a cell; what is nested in it counts as its own.

    Attributes:
        node: Its syntax tree, with the line numbers of the cell.
        binds: Names that it binds in the notebook's namespace.
        changes: Names whose object it may change in place.
        uses: Names of the notebook's namespace that it reads, at once.
        later: Names that functions and classes in it read when they are called.
        imports: Names that it binds by importing.
    """

    node: ast.stmt
    binds: frozenset[str]
    changes: frozenset[str]
    uses: frozenset[str]
    later: frozenset[str]
    imports: frozenset[str]

    @property
    def is_definition(self) -> bool:
        """Whether it defines a function or a class."""
        return isinstance(self.node, _DEFINITIONS)

    @property
    def replaces(self) -> frozenset[str]:
        """Names that have nothing of their former value afterwards: a loop or a branch may not bind at all."""
        plain = isinstance(self.node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom)
        return self.binds - self.changes - self.uses if plain or self.is_definition else frozenset()


@lru_cache(maxsize=4096)
def statements_of(source: str) -> tuple[Statement, ...] | None:
    """The statements of a cell, magics as what IPython makes of them; None where it is no Python."""
    tree = parse_cell(source)
    return None if tree is None else tuple(map(_statement, _plain(tree.body)))


def depends_on(sources: Sequence[str]) -> tuple[frozenset[int], ...]:
    """For each cell, the earlier ones that it takes a value from directly.

    These are the latest cell that binds a name which it uses, and those that have changed its object since. A cell that
    is no Python depends on all before it.

    Args:
        sources: The cells' texts, in the order in which they run.
    """
    modules = imported(sources)
    holders: dict[str, set[int]] = {}
    definitions: dict[str, Statement] = {}
    found: list[frozenset[int]] = []
    for index, source in enumerate(sources):
        statements = statements_of(source)
        if statements is None:
            found.append(frozenset(range(index)))
            continue
        definitions.update(definitions_in(statements))
        needed = with_called(_needed(statements), definitions)
        found.append(frozenset().union(*(holders.get(name, set()) for name in needed)) - {index})
        _note_holders(holders, statements, index, modules)
    return tuple(found)


def depends_on_all(sources: Sequence[str]) -> tuple[frozenset[int], ...]:
    """For each cell, the earlier ones that it takes a value from, directly or through others."""
    whole: list[frozenset[int]] = []
    for direct in depends_on(sources):
        whole.append(direct.union(*(whole[index] for index in direct)))
    return tuple(whole)


def first_binding(sources: Sequence[str], name: str) -> int | None:
    """Index of the first cell that binds `name`; None when none does."""
    for index, source in enumerate(sources):
        if any(name in statement.binds for statement in statements_of(source) or ()):
            return index
    return None


def definitions_in(statements: Iterable[Statement]) -> dict[str, Statement]:
    """The statement that defines each function and class, by its name; the last one of a name."""
    return {
        name: statement
        for statement in statements
        if statement.is_definition
        for name in statement.binds
    }


def with_called(names: Iterable[str], definitions: Mapping[str, Statement]) -> set[str]:
    """Names, and those that functions and classes among them read when they are called."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += definitions[name].later if name in definitions else ()
    return found


def imported(sources: Iterable[str]) -> frozenset[str]:
    """Names that stand for what was imported and nothing else: a call through one is no change of it."""
    statements = [each for source in sources for each in statements_of(source) or ()]
    others = (each.binds - each.imports for each in statements)
    return frozenset().union(*(each.imports for each in statements)).difference(*others)


def _needed(statements: Iterable[Statement]) -> set[str]:
    """Names that a cell takes from before it: a function's are read when the whole cell may have run."""
    statements = tuple(statements)
    bound: set[str] = set()
    needed: set[str] = set()
    for statement in statements:
        needed |= (statement.uses | statement.changes) - bound
        bound |= statement.binds
    return needed | {name for each in statements for name in each.later - bound}


def _note_holders(
    holders: dict[str, set[int]],
    statements: Iterable[Statement],
    index: int,
    modules: frozenset[str],
) -> None:
    for statement in statements:
        for name in statement.binds:
            kept = set() if name in statement.replaces else holders.get(name, set())
            holders[name] = {*kept, index}
        for name in statement.changes - modules:
            holders.setdefault(name, set()).add(index)


def _plain(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, with the Python that a line magic runs in the magic's place."""
    for node in body:
        line = _timed(node)
        inner = None if line is None else parse_cell(line)
        if inner is None:
            yield node
            continue
        for statement in inner.body:
            yield ast.increment_lineno(copy.deepcopy(statement), node.lineno - 1)


def _timed(node: ast.stmt) -> str | None:
    """What ``%time`` and its like are given to run, as IPython's own call of them has it."""
    match node:
        case ast.Expr(
            ast.Call(
                ast.Attribute(attr="run_line_magic"),
                [ast.Constant("time" | "timeit" | "prun"), ast.Constant(str(line))],
            )
        ):
            return line
    return None


def _statement(node: ast.stmt) -> Statement:
    binds, uses, later = _scopes(node)
    return Statement(
        node=node,
        binds=frozenset(binds),
        changes=frozenset(_changed(node)) - _GIVEN,
        uses=frozenset(uses) - _GIVEN,
        later=frozenset(later) - _GIVEN,
        imports=frozenset(_imports(node)),
    )


def _scopes(node: ast.stmt) -> tuple[set[str], set[str], set[str]]:
    """Names of the module's scope that a statement binds, reads at once, and reads when its functions are called."""
    try:
        table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        return names, names, set()
    top = table.get_symbols()
    binds = {symbol.get_name() for symbol in top if symbol.is_assigned() or symbol.is_imported()}
    uses = {symbol.get_name() for symbol in top if symbol.is_referenced()}
    later: set[str] = set()
    for child in table.get_children():
        # A comprehension runs at once, and so does the body of a class.
        _inner(child, binds, uses if _runs_at_once(child) else later, later)
    return binds, uses, later


def _inner(table: symtable.SymbolTable, binds: set[str], reads: set[str], later: set[str]) -> None:
    for symbol in table.get_symbols():
        if not symbol.is_global():
            continue
        if symbol.is_assigned():
            binds.add(symbol.get_name())
        if symbol.is_referenced():
            reads.add(symbol.get_name())
    for child in table.get_children():
        _inner(child, binds, reads if _runs_at_once(child) else later, later)


def _runs_at_once(table: symtable.SymbolTable) -> bool:
    return table.get_type() == "class" or table.get_name().strip("<>") in _COMPREHENSIONS


_COMPREHENSIONS = frozenset({"genexpr", "listcomp", "setcomp", "dictcomp"})


def _changed(node: ast.stmt) -> Iterator[str]:
    for inner in _own_nodes(node):
        if isinstance(inner, ast.Attribute | ast.Subscript):
            if not isinstance(inner.ctx, ast.Load):
                yield from _root(inner.value)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Del):
            yield inner.id
        elif isinstance(inner, ast.AugAssign):
            yield from _root(inner.target)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            yield from _root(inner.func.value)
        elif isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Call):
            yield from _given(inner.value)


def _given(call: ast.Call) -> Iterator[str]:
    """Arguments of a call whose result is dropped: it was made for what it does to them."""
    if isinstance(call.func, ast.Name) and call.func.id in _HARMLESS:
        return
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield from _root(argument)


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those in it; not the bodies of functions, which change what is theirs to change when called."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _own_nodes(child)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def _imports(node: ast.stmt) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import | ast.ImportFrom):
            for alias in inner.names:
                yield alias.asname or alias.name.partition(".")[0]
