"""What a cell reads and assigns: found, copied, and put back."""

from __future__ import annotations

import functools
import re
import sys
import time
from collections import deque
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, Deque, Dict, FrozenSet, Iterator, List, Set, Tuple

from repro_nb.magics.repetition.body import global_names
from repro_nb.magics.repetition.holders import (
    Holder,
    class_holder,
    function_holder,
    module_holder,
    names_holder,
)
from repro_nb.rng.children import expander_of
from repro_nb.rng.held import bases_of
from repro_nb.rng.node import Node, Scope
from repro_nb.rng.usercode import is_user_class, module_names
from repro_nb.values import Copies

__all__ = ["Workspace"]

_MOST_OBJECTS = 20_000
_MOST_ITEMS = 2_000
_SECONDS = 1.0
# What IPython keeps among the user's variables, and Python itself. The results of earlier cells are values as well.
_RESULT = r"_{1,3}|_\d+|_oh|Out"
_SHELL_NAME = re.compile(r"_i{1,3}|_i\d+|_[id]h|In|exit|quit|get_ipython|__\w+__")
_UNCOMPARED = re.compile(f"{_RESULT}|{_SHELL_NAME.pattern}")


class Workspace:
    """What a cell reads and assigns.

    Args:
        names: The names that its code uses.
        mentioned: Every identifier in its text.
        namespace: The user's variables.

    Attributes:
        shared: What could not be copied, with why.
        truncated: It reaches more than was looked at.
    """

    def __init__(
        self, names: FrozenSet[str], mentioned: FrozenSet[str], namespace: Dict[str, Any]
    ) -> None:
        found = _Search(namespace, mentioned)
        found.run(names)
        self.truncated = found.truncated
        self._holders = found.holders
        self._before = [holder.read() for holder in self._holders]
        self._places = _labelled(self._holders)
        self._originals = {
            label: self._before[index][name] for label, (index, name) in self._places.items()
        }
        self._copies = Copies.of(self._originals)
        self.shared = {**self._copies.uncopied, **found.memos}
        self._placed: Dict[str, Any] = self._originals

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Work on copies inside the block; after it, everything is where it was, the very objects."""
        fresh = self._copies.fresh()
        self._placed = {**self._originals, **fresh}
        try:
            for label, value in fresh.items():
                index, name = self._places[label]
                if value is not self._originals[label]:
                    self._holders[index].write(name, value)
            yield
        finally:
            for holder, before in zip(self._holders, self._before):  # noqa: B905  strict= is younger than 3.9
                holder.put_back(before)
            self._placed = self._originals

    def results(self) -> Tuple[Dict[str, Any], Set[str]]:
        """What is there now of what the cell works on, and which of it was assigned: is no longer what it was."""
        values: Dict[str, Any] = {}
        assigned: Set[str] = set()
        labels = {place: label for label, place in self._places.items()}
        for index, (holder, before) in enumerate(zip(self._holders, self._before)):  # noqa: B905  as above
            now = holder.read()
            for name in {**before, **now}:
                label = labels.get((index, name), holder.prefix + name)
                placed = self._placed.get(label, before.get(name, _NOTHING))
                value = now.get(name, _NOTHING)
                if holder.wanted is not None and _UNCOMPARED.fullmatch(name):
                    continue
                if value is not placed:
                    assigned.add(label)
                if value is not _NOTHING and (label in self._places or label in assigned):
                    values[label] = value
        return values, assigned

    def original(self, label: str) -> Tuple[Any, ...]:
        """The value that a label had before; nothing where it had none, or where it could not be copied."""
        known = label in self._originals and label not in self._copies.uncopied
        return (self._originals[label],) if known else ()


_NOTHING = object()


def _labelled(holders: List[Holder]) -> Dict[str, Tuple[int, str]]:
    """What reports call a value, and where it is: two functions may have one name."""
    places: Dict[str, Tuple[int, str]] = {}
    for index, holder in enumerate(holders):
        for name in holder.changeable():
            label = holder.prefix + name
            places[label if label not in places else f"{label} ({index})"] = index, name
    return places


class _Search:
    """The walk from a cell's names to all that holds values which it may change.

    It goes where the search for random generators goes; see `repro_nb.rng.reach`.

    Attributes:
        holders: What it found, the namespace first.
        memos: Functions that remember their results by ``functools``, with why they are shared.
        truncated: It stopped before its end.
    """

    def __init__(self, namespace: Dict[str, Any], mentioned: FrozenSet[str]) -> None:
        self._namespace = namespace
        self._mentioned = mentioned
        self._scope = Scope(namespace, _MOST_ITEMS)
        self._main = names_holder("", namespace)
        self._modules: Dict[int, Holder] = {}
        self._seen: Set[Any] = set()
        self._queue: Deque[Node] = deque()
        self.holders: List[Holder] = [self._main]
        self.memos: Dict[str, str] = {}
        self.truncated = False

    def run(self, names: FrozenSet[str]) -> None:
        """Find everything, within limits."""
        self._add_names(self._main, self._namespace, names, self._mentioned)
        deadline = time.perf_counter() + _SECONDS
        while self._queue:
            if time.perf_counter() > deadline or len(self._seen) > _MOST_OBJECTS:
                self.truncated = True
                return
            self._look_at(self._queue.popleft())

    def _add_names(
        self, holder: Holder, home: Dict[str, Any], names: FrozenSet[str], mentioned: FrozenSet[str]
    ) -> None:
        for name in sorted(names):
            if name not in home or _SHELL_NAME.fullmatch(name):
                continue
            if holder.wanted is not None and name not in holder.wanted:
                holder.wanted.add(name)
                self._add(Node(home[name], holder.prefix + name, mentioned))

    def _add(self, node: Node) -> None:
        mark = node.mark()
        if mark not in self._seen:
            self._seen.add(mark)
            self._queue.append(node)

    def _look_at(self, node: Node) -> None:
        value = node.value
        holder = function_holder(value, self._namespace) or class_holder(value)
        if holder is not None:
            self.holders.append(holder)
        if type(value) is ModuleType:
            self._add_module(value, node.mentioned, node.mentioned)
        elif type(value) is FunctionType and holder is not None:
            self._add_globals(value)
        elif type(value) is functools._lru_cache_wrapper:  # noqa: SLF001  it has no public name
            self.memos[node.path] = "it remembers its results, by functools.lru_cache"
        self._add_classes(node)
        expand = expander_of(type(value))
        for child in expand(node, self._scope) if expand else ():
            self._add(child)

    def _add_classes(self, node: Node) -> None:
        """The user's classes that an object is of: their methods may change what they hold."""
        for base in bases_of(type(node.value)):
            if is_user_class(base):
                self._add(Node(base, base.__qualname__, node.mentioned))

    def _add_globals(self, function: FunctionType) -> None:
        used = global_names(function.__code__)
        home = function.__globals__
        if home is self._namespace:
            self._add_names(self._main, home, used, frozenset(function.__code__.co_names))
            return
        self._add_module(sys.modules.get(str(home.get("__name__"))), used, used)

    def _add_module(self, module: Any, names: FrozenSet[str], mentioned: FrozenSet[str]) -> None:
        holder = self._modules.get(id(module)) or module_holder(module)
        if holder is None:
            return
        if module_names(module) is self._namespace:
            self._add_names(self._main, self._namespace, names, mentioned)
            return
        if id(module) not in self._modules:
            self._modules[id(module)] = holder
            self.holders.append(holder)
        self._add_names(holder, module_names(module), names, mentioned)
