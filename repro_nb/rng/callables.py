"""What functions lead to, and what wraps them: methods, partial functions, properties, modules."""

from __future__ import annotations

import types
from functools import partial
from typing import Dict, FrozenSet, List, Set

from repro_nb.rng.node import Expander, Node, Scope
from repro_nb.rng.usercode import is_user_module, module_names

__all__ = ["CALLABLES", "behind_module", "behind_partial"]


def _bound(node: Node, _: Scope) -> List[Node]:
    children = [node.child(node.value.__self__, ".__self__")]
    if type(node.value) is types.MethodType:
        children.append(node.child(node.value.__func__, ""))
    return children


def _wrapper(node: Node, _: Scope) -> List[Node]:
    return [node.child(node.value.__func__, "")]


def _property(node: Node, _: Scope) -> List[Node]:
    return [node.child(node.value.fget, ""), node.child(node.value.fset, "")]


def behind_partial(node: Node, _: Scope) -> List[Node]:
    """The function of a ``functools.partial``, and the arguments that it holds."""
    return [
        node.child(partial.__dict__[part].__get__(node.value), f".{part}")
        for part in ("func", "args", "keywords")
    ]


def behind_module(node: Node, scope: Scope) -> List[Node]:
    """What the code on the way mentions of a module that the user wrote."""
    names = module_names(node.value)
    if not is_user_module(str(names.get("__name__"))):
        return []
    wanted = sorted(name for name in node.mentioned if name in names)[: scope.items]
    return [node.child(names[name], f".{name}") for name in wanted]


def _function(node: Node, scope: Scope) -> List[Node]:
    """Closure, default values, and, if the user wrote it, the global names that it uses.

    What a decorated function wraps is in its closure; reading its ``__dict__`` would make one.
    """
    function = node.value
    children = _closure(node) + _defaults(node)
    home = function.__globals__
    name = home.get("__name__")
    if home is scope.namespace or (type(name) is str and is_user_module(name)):
        prefix = "" if home is scope.namespace or name == "__main__" else f"{name}."
        used = _names_of_code(function.__code__)
        children += [
            Node(home[used_name], prefix + used_name, used)
            for used_name in sorted(used)[: scope.items]
            if used_name in home
        ]
    return children


def _closure(node: Node) -> List[Node]:
    function = node.value
    children = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):  # noqa: B905 - `strict` is newer than Python 3.9
        try:
            children.append(node.child(cell.cell_contents, f".<closure>.{name}"))
        except ValueError:  # not bound yet
            continue
    return children


def _defaults(node: Node) -> List[Node]:
    function = node.value
    positional = function.__defaults__ or ()
    count = function.__code__.co_argcount
    names = function.__code__.co_varnames[count - len(positional) : count]
    by_name = dict(zip(names, positional))  # noqa: B905 - as above
    by_name.update(function.__kwdefaults__ or {})
    return [node.child(value, f".<default>.{name}") for name, value in by_name.items()]


def _names_of_code(code: types.CodeType) -> FrozenSet[str]:
    """Global names and attributes that `code` uses, in the functions within it too."""
    names: Set[str] = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            names |= _names_of_code(constant)
    return frozenset(names)


CALLABLES: Dict[int, Expander] = {
    id(types.FunctionType): _function,
    id(types.MethodType): _bound,
    id(types.BuiltinMethodType): _bound,
    id(types.MethodWrapperType): _bound,
    id(staticmethod): _wrapper,
    id(classmethod): _wrapper,
    id(property): _property,
}
"""Expanders of functions and of what wraps them, by address of the type."""
