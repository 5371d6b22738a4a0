"""Which expressions are sets, as far as the source shows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from repro_nb.rerun.fix.script import Script

__all__ = ["is_set"]

_MAKERS = frozenset({"set", "frozenset"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
_SET_OPERATORS = (ast.Sub, ast.BitOr, ast.BitAnd, ast.BitXor)
_ANNOTATIONS = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
_ROUNDS = 4


def is_set(script: Script, node: ast.AST) -> bool:
    """Whether `node` is a set: written as one, or bound to one somewhere in the notebook."""
    return _is_set(node, _bound_to_sets(script))


def _is_set(node: ast.AST | None, known: frozenset[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return _makes_set(node, known)
    if isinstance(node, ast.BinOp) and isinstance(node.op, _SET_OPERATORS):
        return any(_is_set(side, known) or _is_keys(side) for side in (node.left, node.right))
    if isinstance(node, ast.IfExp):
        return _is_set(node.body, known) or _is_set(node.orelse, known)
    return _key(node) in known


def _makes_set(call: ast.Call, known: frozenset[str]) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in _MAKERS or f"{call.func.id}()" in known
    if not isinstance(call.func, ast.Attribute):
        return False
    method, owner = call.func.attr, call.func.value
    if isinstance(owner, ast.Name) and owner.id in _MAKERS and method in _SET_METHODS:
        return True
    if f".{method}()" in known:
        return True
    return method in {*_SET_METHODS, "copy"} and _is_set(owner, known)


def _is_keys(node: ast.AST) -> bool:
    """Whether it is ``x.keys()``: what operators make of it is a set."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "keys"
    )


def _key(node: ast.AST | None) -> str:
    """How a place that can hold a set is known: ``name``, ``.attribute``, ``name[]`` for what it holds."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.Subscript):
        owner = _key(node.value)
        return f"{owner}[]" if owner else ""
    return ""


@lru_cache(maxsize=16)
def _bound_to_sets(script: Script) -> frozenset[str]:
    """Places that a set is put into anywhere in the notebook."""
    bindings = [pair for text in script.cells for node in text.nodes() for pair in _bindings(node)]
    known: frozenset[str] = frozenset()
    # A name bound to another name that is bound to a set, and so on.
    for _ in range(_ROUNDS):
        known = known | {place for place, value in bindings if _is_set(value, known)}
    return known - {""}


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield _key(target), node.value
            yield from _held(_key(target), node.value)
    elif isinstance(node, ast.AnnAssign):
        yield _key(node.target), _SET if _is_annotated(node.annotation) else node.value
    elif isinstance(node, ast.NamedExpr):
        yield _key(node.target), node.value
    elif isinstance(node, ast.arg) and _is_annotated(node.annotation):
        yield node.arg, _SET
    elif isinstance(node, ast.FunctionDef):
        yield from _returned(node)


_SET = ast.Set(elts=[])


def _held(place: str, value: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """What a dictionary or a list that is written out holds."""
    values: list[ast.expr] = []
    if isinstance(value, ast.Dict):
        values = value.values
    elif isinstance(value, ast.DictComp):
        values = [value.value]
    elif isinstance(value, ast.List | ast.Tuple):
        values = value.elts
    elif isinstance(value, ast.Call) and [n.id for n in value.args if isinstance(n, ast.Name)] == [
        "set"
    ]:
        yield f"{place}[]", _SET  # defaultdict(set)
    yield from ((f"{place}[]", each) for each in values)


def _returned(function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST | None]]:
    annotated = _is_annotated(function.returns)
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    for value in [_SET] if annotated else returns:
        yield f"{function.name}()", value
        yield f".{function.name}()", value


def _is_annotated(annotation: ast.AST | None) -> bool:
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    name = getattr(base, "id", getattr(base, "attr", ""))
    return name in _ANNOTATIONS
