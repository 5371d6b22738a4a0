"""The walk from names to all that holds values which the code behind them may change."""

from __future__ import annotations

import functools
import time
from collections import deque
from types import FunctionType, ModuleType
from typing import Any, Deque, Dict, FrozenSet, List, Set

from repro_nb.rng.children import expander_of
from repro_nb.rng.held import bases_of
from repro_nb.rng.node import Node, Scope
from repro_nb.rng.reach import Budget
from repro_nb.rng.usercode import is_user_class, is_user_module, module_names
from repro_nb.workspace.holders import Holder, class_holder, function_holder, names_holder
from repro_nb.workspace.names import SHELL_NAME, global_names

__all__ = ["Search"]


class Search:
    """One walk.

    It goes where the search for random generators goes; see `repro_nb.rng.reach`.

    Args:
        namespace: The user's variables.
        budget: How far to go.

    Attributes:
        holders: What it found, the namespace first.
        memos: Functions that remember their results by ``functools``, with why they are shared.
        truncated: It stopped before its end.
    """

    def __init__(self, namespace: Dict[str, Any], budget: Budget) -> None:
        self._namespace = namespace
        self._budget = budget
        self._scope = Scope(namespace, budget.items)
        main = names_holder("", namespace)
        self._homes: Dict[int, Holder] = {id(namespace): main}
        self._seen: Set[Any] = set()
        self._queue: Deque[Node] = deque()
        self.holders: List[Holder] = [main]
        self.memos: Dict[str, str] = {}
        self.truncated = False

    def run(self, names: FrozenSet[str], mentioned: FrozenSet[str]) -> None:
        """Find everything, within limits."""
        self._add_names(self._namespace, names, mentioned)
        deadline = time.perf_counter() + self._budget.seconds
        while self._queue:
            if time.perf_counter() > deadline or len(self._seen) > self._budget.objects:
                self.truncated = True
                return
            self._look_at(self._queue.popleft())

    def _add_names(
        self, home: Dict[str, Any], names: FrozenSet[str], mentioned: FrozenSet[str]
    ) -> None:
        holder = self._homes.get(id(home))
        if holder is None:
            holder = self._homes[id(home)] = names_holder(_prefix_of(home), home)
            self.holders.append(holder)
        for name in sorted(names):
            if name not in home or SHELL_NAME.fullmatch(name):
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
        if type(value) is ModuleType and is_user_module(str(module_names(value).get("__name__"))):
            self._add_names(module_names(value), node.mentioned, node.mentioned)
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
        self._add_names(function.__globals__, used, used.union(function.__code__.co_names))


def _prefix_of(home: Dict[str, Any]) -> str:
    name = str(home.get("__name__", "__main__"))
    return "" if name == "__main__" else f"{name}."
