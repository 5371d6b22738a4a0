"""The stack machine of pickle, without anything that could act."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from repro_nb.checkpoints.tensors.limits import Budget
from repro_nb.checkpoints.tensors.pickle_values import Dictionary, Items, Name, Names
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import UnsafeCheckpointError

__all__ = ["Machine"]

_MARK: Final = object()

_CONTAINER = 128
"""Bytes of an empty container, beyond those of its operation."""

_CALL = 400
"""Bytes of what a call makes, such as a tensor with its shape and storage, beyond those of what it is made of."""

_MEMBER = 72
"""Bytes of a member, where a call makes a container of another one."""

_PUSHED = frozenset(
    [
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "FLOAT", "BINFLOAT"),
    ]
)
_CONSTANTS: Mapping[str, Any] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
_EMPTY: Mapping[str, Callable[[], Any]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": Dictionary,
    "EMPTY_SET": Items,
}


class Machine:
    """The stack and the memory of one pickle.

    Attributes:
        result: The value that the stream describes, after its last operation.
        position: Where in the stream the operation stands that is being done; the caller sets it.
    """

    def __init__(
        self,
        names: Names,
        persistent: Callable[[Any], Any] | None,
        budget: Budget,
        where: str,
    ) -> None:
        self.result: Any = None
        self._budget = budget
        self.position = 0
        self._names = names
        self._persistent = persistent
        self._where = where
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def do(self, operation: str, argument: Any) -> None:
        """One operation; that it takes place is counted by the caller."""
        if operation in _PUSHED:
            self._budget.take(sys.getsizeof(argument))
            self._stack.append(argument)
        elif operation in _CONSTANTS:
            self._stack.append(_CONSTANTS[operation])
        elif operation in _EMPTY:
            self._budget.take(_CONTAINER)
            self._stack.append(_EMPTY[operation]())
        else:
            action = self._actions.get(operation)
            if action is None:
                raise self._unsafe(
                    f"uses the pickle operation {operation}, which no checkpoint needs"
                )
            action(self, argument)

    def _unsafe(self, what: str) -> UnsafeCheckpointError:
        return UnsafeCheckpointError(
            f"{what} (byte {self.position:,} of its pickle stream)",
            where=self._where,
            hint="It was not loaded and nothing was executed. Only tensors, numbers, text and containers are read.",
        )

    def _pop_to_mark(self) -> list[Any]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                found = self._stack[index + 1 :]
                del self._stack[index:]
                return found
        raise ValueError("there is no mark on the stack")

    def _pop(self) -> Any:
        if not self._stack:
            raise ValueError("takes a value where none is left")
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError("a mark where a value is needed")
        return value

    def _top(self) -> Any:
        if not self._stack:
            raise ValueError("needs a value where none is")
        return self._stack[-1]

    def _named(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise self._unsafe("refers to a name that is no text")
        found = self._names(module, name)
        if found is None:
            raise self._unsafe(
                f"refers to {shown(module)}.{shown(name)}, which would be imported or called"
            )
        self._stack.append(found)

    def _call(self, function: object, arguments: object) -> None:
        if not isinstance(arguments, tuple):
            raise TypeError("a call without a tuple of arguments")
        if not isinstance(function, Name) or function.make is None:
            raise self._unsafe(f"calls {function if isinstance(function, Name) else 'a value'}")
        self._budget.take(_CALL + _weight(arguments))
        self._stack.append(function.make(arguments))

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._named(module, name)

    def _stack_global(self, _: object) -> None:
        name = self._pop()
        self._named(self._pop(), name)

    def _reduce(self, _: object) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments)

    def _new_object(self, _: object) -> None:
        arguments = self._pop()
        self._call(self._pop(), arguments)

    def _new_object_with_names(self, _: object) -> None:
        names = self._pop()
        if not isinstance(names, Dictionary) or names.pairs:
            raise self._unsafe("makes an object by named arguments")
        self._new_object(None)

    def _instance(self, argument: str) -> None:
        arguments = tuple(self._pop_to_mark())
        self._global(argument)
        self._call(self._pop(), arguments)

    def _object(self, _: object) -> None:
        function, *arguments = self._pop_to_mark()
        self._call(function, tuple(arguments))

    def _build(self, _: object) -> None:
        state = self._pop()
        receiver = self._top()
        if not hasattr(receiver, "set_state"):
            raise self._unsafe(f"sets attributes of a {type(receiver).__name__}")
        self._budget.take(_weight(state))
        receiver.set_state(state)

    def _bytearray(self, argument: bytearray) -> None:
        self._budget.take(2 * len(argument))
        self._stack.append(bytes(argument))

    def _persistent_id(self, argument: object = None) -> None:
        if self._persistent is None:
            raise self._unsafe("refers to something outside of it (a persistent id)")
        self._stack.append(self._persistent(self._pop() if argument is None else argument))

    def _put(self, argument: int) -> None:
        if not 0 <= argument < 1 << 32:
            raise ValueError("a memory place out of range")
        self._memo[argument] = self._top()

    def _memoize(self, _: object) -> None:
        self._memo[len(self._memo)] = self._top()

    def _get(self, argument: int) -> None:
        if argument not in self._memo:
            raise ValueError(f"takes what is kept under {argument}, where nothing was put")
        self._stack.append(self._memo[argument])

    def _mark(self, _: object) -> None:
        self._stack.append(_MARK)

    def _drop(self, _: object) -> None:
        self._top()
        self._stack.pop()

    def _pop_mark(self, _: object) -> None:
        self._pop_to_mark()

    def _duplicate(self, _: object) -> None:
        self._stack.append(self._top())

    def _tuple(self, _: object) -> None:
        self._stack.append(tuple(self._pop_to_mark()))

    def _make_list(self, _: object) -> None:
        self._stack.append(self._pop_to_mark())

    def _frozen_set(self, _: object) -> None:
        self._stack.append(Items(self._pop_to_mark()))

    def _dict(self, _: object) -> None:
        self._stack.append(Dictionary(_pairs(self._pop_to_mark())))

    def _append(self, _: object) -> None:
        value = self._pop()
        self._list().append(value)

    def _append_all(self, _: object) -> None:
        values = self._pop_to_mark()
        self._list().extend(values)

    def _list(self) -> list[Any]:
        target = self._top()
        if not isinstance(target, list):
            raise self._unsafe(f"appends to a {type(target).__name__}")
        return target

    def _add_items(self, _: object) -> None:
        members = self._pop_to_mark()
        target = self._top()
        if not isinstance(target, Items):
            raise self._unsafe(f"adds members to a {type(target).__name__}")
        target.members.extend(members)

    def _set_item(self, _: object) -> None:
        value = self._pop()
        key = self._pop()
        self._dictionary().append((key, value))

    def _set_items(self, _: object) -> None:
        pairs = _pairs(self._pop_to_mark())
        self._dictionary().extend(pairs)

    def _dictionary(self) -> list[tuple[Any, Any]]:
        target = self._top()
        if not isinstance(target, Dictionary):
            raise self._unsafe(f"sets items of a {type(target).__name__}")
        return target.pairs

    def _stop(self, _: object) -> None:
        self.result = self._pop()
        if self._stack:
            raise ValueError("values are left on the stack")

    def _nothing(self, _: object) -> None:
        """Protocol numbers and frames carry no data."""

    def _tuple1(self, _: object) -> None:
        self._tuple_of(1)

    def _tuple2(self, _: object) -> None:
        self._tuple_of(2)

    def _tuple3(self, _: object) -> None:
        self._tuple_of(3)

    def _tuple_of(self, count: int) -> None:
        values = [self._pop() for _ in range(count)]
        self._stack.append(tuple(reversed(values)))

    _actions: ClassVar[Mapping[str, Callable[[Any, Any], None]]] = {
        "GLOBAL": _global,
        "STACK_GLOBAL": _stack_global,
        "REDUCE": _reduce,
        "NEWOBJ": _new_object,
        "NEWOBJ_EX": _new_object_with_names,
        "INST": _instance,
        "OBJ": _object,
        "BUILD": _build,
        "BYTEARRAY8": _bytearray,
        "PERSID": _persistent_id,
        "BINPERSID": _persistent_id,
        "PUT": _put,
        "BINPUT": _put,
        "LONG_BINPUT": _put,
        "MEMOIZE": _memoize,
        "GET": _get,
        "BINGET": _get,
        "LONG_BINGET": _get,
        "MARK": _mark,
        "POP": _drop,
        "POP_MARK": _pop_mark,
        "DUP": _duplicate,
        "TUPLE": _tuple,
        "TUPLE1": _tuple1,
        "TUPLE2": _tuple2,
        "TUPLE3": _tuple3,
        "LIST": _make_list,
        "FROZENSET": _frozen_set,
        "DICT": _dict,
        "APPEND": _append,
        "APPENDS": _append_all,
        "ADDITEMS": _add_items,
        "SETITEM": _set_item,
        "SETITEMS": _set_items,
        "STOP": _stop,
        "PROTO": _nothing,
        "FRAME": _nothing,
    }


def _weight(value: object) -> int:
    """Bytes of what a call or an object could make of `value`: a copy of it and of what it holds."""
    if isinstance(value, tuple):
        return _MEMBER * len(value) + sum(map(_length, value))
    return _length(value)


def _length(value: object) -> int:
    if isinstance(value, (str, bytes, bytearray)):
        return sys.getsizeof(value)
    if isinstance(value, (list, tuple)):
        return _MEMBER * len(value)
    if isinstance(value, Dictionary):
        return _MEMBER * len(value.pairs)
    return _MEMBER * len(value.members) if isinstance(value, Items) else 0


def _pairs(values: list[Any]) -> list[tuple[Any, Any]]:
    if len(values) % 2:
        raise ValueError("a key without a value")
    return list(zip(values[::2], values[1::2], strict=True))
