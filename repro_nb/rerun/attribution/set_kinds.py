"""Which names hold sets, as far as the source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import Enum

from repro_nb.rerun.dataflow import Statement

__all__ = ["INDIFFERENT", "KEEPING", "ORDERING", "Kind", "SetKinds", "name_of", "owner_of"]


class Kind(Enum):
    """What an expression gives."""

    SET = "a set"
    HOLDER = "a container with sets in it"
    OTHER = "something else"
    UNKNOWN = "nobody knows"


INDIFFERENT = frozenset(
    {"sorted", "len", "sum", "fsum", "any", "all", "set", "frozenset", "isinstance", "bool"}
)
"""Functions for whose result the order of what they are given is no matter."""

KEEPING = frozenset(
    {"append", "add", "setdefault", "update", "copy", "deepcopy", "union", "intersection", "difference"}
    | {"symmetric_difference", "intersection_update", "difference_update", "issubset", "issuperset", "isdisjoint"}
)  # fmt: skip
"""Methods and functions that put a set away as it is, or take it for a set."""

ORDERING = frozenset(
    {"list", "tuple", "enumerate", "iter", "next", "zip", "map", "filter", "reversed", "str", "repr", "print", "dict"}
    | {"deque", "Counter", "array", "asarray", "Series", "DataFrame", "Index", "chain", "islice", "reduce", "starmap"}
    | {"fromkeys", "join", "extend", "writelines", "accumulate", "fromiter", "product", "combinations", "permutations"}
)  # fmt: skip
"""Functions that take what they are given in its order, or show it."""

_MAKERS = frozenset({"set", "frozenset"})
_OPERATIONS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
_VIEWS = frozenset({"keys", "items"})
_GETTERS = frozenset({"get", "pop", "setdefault", "popitem"})
_SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
_OTHER_NODES = (ast.Constant, ast.JoinedStr, ast.Lambda, ast.Compare, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CALLED = "{}()"
_GIVEN = "{}(…{})"


class SetKinds:
    """Knows which names hold sets.

    Args:
        statements: The statements that ran, in order.
    """

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._kinds: dict[str, Kind] = {}
        nodes = [statement.node for statement in statements]
        # Twice, as functions are called with sets after they are defined.
        for node in [*nodes, *nodes]:
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        """Take in what a statement, and those in it, make of names."""
        if isinstance(node, _FUNCTIONS):
            self.enter(node)
            self._set(_CALLED.format(node.name), self._returned(node))
            return
        if isinstance(node, ast.Call):
            self._learn_call(node)
        for target, value in _assigned(node):
            self._assign(target, self.kind(value))
        for target, value in _looped(node):
            if self.kind(value) is Kind.HOLDER:
                self._assign(target, Kind.SET)
            elif isinstance(target, ast.Name):
                self._kinds.setdefault(target.id, Kind.UNKNOWN)
        for child in ast.iter_child_nodes(node):
            self._learn(child)

    def _learn_call(self, call: ast.Call) -> None:
        if isinstance(call.func, ast.Name):
            for position, argument in enumerate(call.args):
                self._set(_GIVEN.format(call.func.id, position), self.kind(argument))
        elif name_of(call.func) in ("append", "setdefault") and self._has_sets(call.args):
            self._set(_path(owner_of(call)), Kind.HOLDER)

    def enter(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Take in what a function's parameters are given, and what its own statements make of names."""
        for position, argument in enumerate(function.args.args):
            given = self._kinds.get(_GIVEN.format(function.name, position), Kind.UNKNOWN)
            self._kinds[argument.arg] = given
        for statement in function.body:
            self._learn(statement)

    def _returned(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Kind:
        values = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value]
        return _united(self.kind(value) for value in values)

    def _assign(self, target: ast.expr, kind: Kind) -> None:
        if isinstance(target, ast.Subscript):
            if kind is Kind.SET:
                self._set(_path(target.value), Kind.HOLDER)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._set(_path(element), Kind.SET if kind is Kind.HOLDER else Kind.UNKNOWN)
        else:
            self._set(_path(target), kind)

    def _set(self, path: str, kind: Kind) -> None:
        if path:
            self._kinds[path] = kind

    def _has_sets(self, nodes: Iterable[ast.expr]) -> bool:
        return any(self.kind(node) is Kind.SET for node in nodes)

    def kind(self, node: ast.expr) -> Kind:
        """What an expression gives."""
        match node:
            case ast.Set() | ast.SetComp():
                return Kind.SET
            case ast.Call():
                return self._kind_of_call(node)
            case ast.BinOp(left, operator, right) if isinstance(operator, _SET_OPERATORS):
                return self._kind_of_operation(left, right)
            case ast.Subscript(value):
                return Kind.SET if self.kind(value) is Kind.HOLDER else Kind.UNKNOWN
            case ast.Name() | ast.Attribute():
                return self._kinds.get(_path(node), Kind.UNKNOWN)
            case _:
                return self._kind_of_choice(node)

    def _kind_of_operation(self, left: ast.expr, right: ast.expr) -> Kind:
        """The kind of ``left | right`` and the like; views of dicts give sets, too."""
        if self._has_sets((left, right)) or _is_view(left) or _is_view(right):
            return Kind.SET
        return _united((self.kind(left), self.kind(right)))

    def _kind_of_choice(self, node: ast.expr) -> Kind:
        match node:
            case ast.IfExp(_, body, orelse):
                return _united((self.kind(body), self.kind(orelse)))
            case ast.BoolOp(_, values):
                return _united(map(self.kind, values))
            case ast.NamedExpr(_, value) | ast.Starred(value):
                return self.kind(value)
            case _:
                return self._kind_of_container(node)

    def _kind_of_container(self, node: ast.expr) -> Kind:
        if isinstance(node, ast.List | ast.Tuple):
            return Kind.HOLDER if self._has_sets(node.elts) else Kind.OTHER
        if isinstance(node, ast.Dict):
            return Kind.HOLDER if self._has_sets(node.values) else Kind.OTHER
        if isinstance(node, ast.ListComp):
            return Kind.HOLDER if self._has_sets([node.elt]) else Kind.OTHER
        if isinstance(node, ast.DictComp):
            return Kind.HOLDER if self._has_sets([node.value]) else Kind.OTHER
        return Kind.OTHER if isinstance(node, _OTHER_NODES) else Kind.UNKNOWN

    def _kind_of_call(self, call: ast.Call) -> Kind:
        name = name_of(call.func)
        if isinstance(call.func, ast.Name):
            if name in _MAKERS:
                return Kind.SET
            if name == "defaultdict" and call.args and name_of(call.args[0]) in _MAKERS:
                return Kind.HOLDER
            known = self._kinds.get(_CALLED.format(name), Kind.UNKNOWN)
            return Kind.OTHER if name in INDIFFERENT | ORDERING | {"range", "open"} else known
        if isinstance(call.func, ast.Attribute):
            return self._kind_of_method(call.func, name)
        return Kind.UNKNOWN

    def _kind_of_method(self, function: ast.Attribute, name: str) -> Kind:
        owner = self.kind(function.value)
        if name in _OPERATIONS and owner is not Kind.UNKNOWN:
            return owner
        if owner is Kind.HOLDER and name in _GETTERS:
            return Kind.SET
        if owner is Kind.HOLDER and name in ("values", "items"):
            return Kind.HOLDER
        if name == "split":
            return Kind.OTHER
        return self._kinds.get(_CALLED.format(name), Kind.UNKNOWN)


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=False)
            else:
                yield target, node.value
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield node.target, node.value


def _looped(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        target, value = node.target, node.iter
        over_items = isinstance(value, ast.Call) and name_of(value.func) in ("items", "enumerate")
        if over_items and isinstance(target, ast.Tuple) and target.elts:
            target = target.elts[-1]
        yield target, value


def _is_view(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and name_of(node.func) in _VIEWS


def owner_of(call: ast.Call) -> ast.expr:
    """What a method is called of; what is called, for all else."""
    return call.func.value if isinstance(call.func, ast.Attribute) else call.func


def name_of(node: ast.expr) -> str:
    """The last part of a name: of ``a.b``, ``b``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _path(node: ast.expr) -> str:
    """What a name or an attribute is known by; an attribute by its own name, whoever has it."""
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _united(kinds: Iterable[Kind]) -> Kind:
    """The kind of what is one of several: a set if any is."""
    found = set(kinds)
    order = (Kind.SET, Kind.HOLDER, Kind.UNKNOWN, Kind.OTHER)
    return next((kind for kind in order if kind in found), Kind.UNKNOWN)
