"""What still leads to the originals after ``copy.deepcopy``: weak references, and functions bound to their owner."""

from __future__ import annotations

import operator
import types
import weakref
from typing import Any, Callable, Iterable, List, Mapping, Tuple

from repro_nb.values.memo import Memo
from repro_nb.values.objects import dict_of

__all__ = ["redirect", "stand_ins"]

_REFERENCE = frozenset((id(weakref.ReferenceType),))
_VALUES: Mapping[int, Callable[[Any], Iterable[Any]]] = {
    id(list): list.__iter__,
    id(dict): dict.values,
    id(tuple): lambda _: (),
}
_OF_FUNCTION = ("__kwdefaults__", "__qualname__", "__module__", "__doc__", "__annotations__")


def stand_ins(memo: Memo) -> List[Tuple[Any, Any]]:
    """Weak sets with an empty one for each: ``copy`` would copy what they refer to, and refer to the original."""
    return [
        (original, weakref.WeakSet())
        for original, _ in memo.pairs()
        if type(original) is weakref.WeakSet
    ]


def redirect(memo: Memo) -> None:
    """Let copies refer to copies, where what they refer to was copied; the rest stays as it is.

    References in lists, in dicts and in attributes are redirected, and those of the weak containers. So are functions
    among an object's own attributes, if their closure holds that object, a weak reference to it or a method of it.

    Raises:
        Exception: What a user's ``__hash__`` or ``__eq__`` raises.
    """
    for original, made in memo.pairs():
        cls = type(made)
        values = _VALUES.get(id(cls))
        if values is not None:
            if not _REFERENCE.isdisjoint(
                map(id, map(type, values(made)))
            ):  # most hold none, so fast
                _redirect_items(made, memo)
        elif cls is weakref.WeakSet:
            made.update(map(memo.of, original))
        elif cls is weakref.WeakKeyDictionary or cls is weakref.WeakValueDictionary:
            _refill(made, memo)
        else:
            _redirect_items(made, memo)
            _redirect_items(dict_of(made), memo)
            _rebind_attributes(original, made)


def _refill(container: Any, memo: Memo) -> None:
    items = [(memo.of(key), memo.of(value)) for key, value in container.items()]
    container.clear()
    for key, value in items:
        container[key] = value


def _redirect_items(held: Any, memo: Memo) -> None:
    items: Iterable[Tuple[Any, Any]] = ()
    write: Any = None
    if issubclass(type(held), list):
        items, write = enumerate(list.__iter__(held)), list.__setitem__
    elif issubclass(type(held), dict):
        items, write = dict.items(held), dict.__setitem__
    for key, value in list(items):
        if type(value) is weakref.ReferenceType:
            write(held, key, _to_copy(value, memo))


def _to_copy(reference: Any, memo: Memo) -> Any:
    referent = reference()
    made = memo.of(referent)
    return reference if made is referent else weakref.ref(made, reference.__callback__)


def _rebind_attributes(original: Any, made: Any) -> None:
    names = dict_of(made)
    for name, value in list(names.items()):
        if type(value) is types.FunctionType and value.__closure__:
            names[name] = _rebound(value, original, made)


def _rebound(function: Any, original: Any, made: Any) -> Any:
    """A function whose closure holds `made` where that of `function` holds `original`; itself if it does not."""
    cells = tuple(_rebound_cell(cell, original, made) for cell in function.__closure__)
    if all(map(operator.is_, cells, function.__closure__)):
        return function
    bound = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, cells
    )
    for name in _OF_FUNCTION:
        setattr(bound, name, getattr(function, name))
    vars(bound).update(vars(function))
    return bound


def _rebound_cell(cell: Any, original: Any, made: Any) -> Any:
    try:
        content = cell.cell_contents
    except ValueError:  # not bound yet
        return cell
    if content is original:
        return types.CellType(made)
    if type(content) is weakref.ReferenceType and content() is original:
        return types.CellType(weakref.ref(made))
    if type(content) is types.MethodType and content.__self__ is original:
        return types.CellType(types.MethodType(content.__func__, made))
    return cell
