"""Finding the sources that a cell's names reach, without running any of the user's code.

The walk goes breadth first from the names that the cell mentions through containers, attributes, slots, closures,
default values, bound methods, partial functions, the global names that the user's own functions and classes use, and
the user's own modules. It does not look into sets (their order differs between runs), arrays and frames, nor into
the code of installed packages. It goes by exact types and reads through their descriptors, so no property,
``__getattr__``, ``__eq__`` or ``__hash__`` of the user's runs, and it keeps no reference once it has returned.
"""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass
from types import ModuleType
from typing import (
    Any,
    Deque,
    Dict,
    Iterable,
    List,
    Mapping,
    Match,
    Optional,
    Set,
    Tuple,
    Union,
)

from repro_nb.rng import held
from repro_nb.rng.children import expander_of
from repro_nb.rng.node import Node, Scope, is_leaf
from repro_nb.rng.usercode import is_user_module, module_names

__all__ = ["Budget", "Reached", "find", "names_in", "reach", "user_names"]

_NAME = re.compile(r"[^\W\d]\w*")
_STRING_OR_COMMENT = re.compile(
    # A string without an end goes to that of its line, or of the cell: more names, and never a second look.
    r"""\"{3}(?:\\.|[^\\])*?(?:\"{3}|\Z)|'{3}(?:\\.|[^\\])*?(?:'{3}|\Z)"""
    r"""|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?"""
    r"|(?<!\S)#[^\n]*",
    re.DOTALL,
)
_SHELL_NAMES = frozenset(("In", "Out", "_ih", "_oh", "_dh", "get_ipython", "exit", "quit"))
_OWN_TO_SHELL = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_[iod]h|In|Out|get_ipython|exit|quit|__\w+__")
_GLOBAL_NAMES = frozenset(("python", "numpy", "torch", "jax"))
_ELEMENTS_PER_OBJECT = 8


@dataclass(frozen=True)
class Budget:
    """How far one walk may go.

    Attributes:
        objects: Objects that are looked into; eight elements of containers, which are passed over faster, count as
            one more.
        items: Elements of one container, and names of one class or module, that are looked at.
        seconds: Wall time. The other two are meant to end the walk, since they do so at the same place in
            every run; this one guards against a stall.
    """

    objects: int = 2000
    items: int = 256
    seconds: float = 0.02


@dataclass(frozen=True)
class Reached:
    """What a walk found.

    Attributes:
        sources: Sources by the expression that reaches them; one entry for each object.
        truncated: The walk stopped at its budget: sources may be missing.
    """

    sources: Mapping[str, held.Held]
    truncated: bool


def names_in(source: str) -> Tuple[str, ...]:
    """Every identifier in a cell's text, in order: more than its code uses, and sound for magics and syntax errors.

    Those in strings count, as an f-string's or a magic's may be used. Those in comments do not; a comment is what
    Python would take for one, with a space before it, so that nothing is left out by mistake.
    """
    text = _STRING_OR_COMMENT.sub(_without_comment, source) if "#" in source else source
    return tuple(dict.fromkeys(_NAME.findall(text)))


def user_names(namespace: Mapping[str, Any]) -> List[str]:
    """The names in `namespace` that are the user's, and neither the shell's nor Python's own."""
    return [name for name in namespace if not _OWN_TO_SHELL.fullmatch(name)]


def _without_comment(found: Match[str]) -> str:
    return "" if found[0].startswith("#") else found[0]


def reach(
    names: Union[str, Iterable[str]],
    namespace: Mapping[str, Any],
    budget: Budget = Budget(),
) -> Reached:
    """The sources that `names` reach in `namespace`.

    Args:
        names: Names to begin with, or a cell's text, of which every identifier is one.
        namespace: The user's variables.
        budget: How far to go.
    """
    walk = _walk(names, namespace, budget)
    return _NOTHING if walk is None else walk.run()


def find(
    names: Iterable[str], namespace: Mapping[str, Any], budget: Budget
) -> Tuple[Reached, Mapping[str, Any]]:
    """What `reach` gives, and the very objects behind it, by the same expressions."""
    walk = _walk(names, namespace, budget)
    return (_NOTHING, {}) if walk is None else (walk.run(), walk.objects)


def _walk(
    names: Union[str, Iterable[str]], namespace: Mapping[str, Any], budget: Budget
) -> Optional[_Walk]:
    """A walk that begins at `names`; None where there is nothing to begin with."""
    wanted = names_in(names) if isinstance(names, str) else tuple(names)
    values = [
        (name, namespace[name]) for name in wanted if name in namespace and name not in _SHELL_NAMES
    ]
    roots = [(name, value) for name, value in values if not _is_nothing(value)]
    if not roots:
        return None
    walk = _Walk(namespace, budget)
    mentioned = frozenset(wanted)
    for name, value in roots:
        walk.add(Node(value, name, mentioned))
    return walk


_NOTHING = Reached({}, truncated=False)


def _is_nothing(value: Any) -> bool:
    """Whether there is no need to start a walk for `value`; most names of a cell are modules and numbers."""
    if type(value) is ModuleType:
        return not is_user_module(str(module_names(value).get("__name__")))
    return is_leaf(value)


class _Walk:
    """One walk; its references to the user's objects end with it.

    Attributes:
        objects: The sources themselves, by the expression that reaches them.
    """

    def __init__(self, namespace: Mapping[str, Any], budget: Budget) -> None:
        self.objects: Dict[str, Any] = {}
        self._scope = Scope(namespace, budget.items)
        self._budget = budget
        self._queue: Deque[Node] = deque()
        self._seen: Set[Any] = set()
        self._identities: Set[Tuple[int, int]] = set()
        self._globals = held.global_ids()
        self._known = held.known_types()
        self._readers: Dict[int, Any] = {}
        self._expanders: Dict[int, Any] = {}
        self._found: Dict[str, held.Held] = {}
        self._spent = False

    def add(self, node: Node) -> None:
        """Look at `node` later, unless nothing can lie behind it, it was seen, or too many wait already."""
        if is_leaf(node.value) or node.value is self._scope.namespace:
            return
        mark = node.mark()
        if mark in self._seen:
            return
        self._spent = self._spent or len(self._seen) >= self._budget.objects
        if not self._spent:
            self._seen.add(mark)
            self._queue.append(node)

    def run(self) -> Reached:
        """Walk until nothing is left, or the budget is spent."""
        deadline = time.perf_counter() + self._budget.seconds
        while self._queue:
            if time.perf_counter() > deadline:
                return Reached(self._found, truncated=True)
            self._look_at(self._queue.popleft())
        return Reached(self._found, truncated=self._spent or self._scope.cut)

    def _look_at(self, node: Node) -> None:
        cls = type(node.value)
        if id(cls) not in self._readers:
            self._readers[id(cls)] = held.reader_of(cls, self._known)
            self._expanders[id(cls)] = expander_of(cls)
        reader, expand = self._readers[id(cls)], self._expanders[id(cls)]
        if reader is not None:
            self._note(node, reader(node.value))
        elif expand is not None and not self._is_spent():
            for child in expand(node, self._scope):
                self.add(child)

    def _is_spent(self) -> bool:
        """Whether nothing more may be looked into; what waits already is still looked at."""
        elements = self._scope.taken // _ELEMENTS_PER_OBJECT
        self._spent = self._spent or len(self._seen) + elements > self._budget.objects
        return self._spent

    def _note(self, node: Node, source: Optional[held.Held]) -> None:
        if source is None or source.identity in self._identities:
            return
        self._identities.add(source.identity)
        if source.identity[0] not in self._globals:
            path = f"{node.path} (variable)" if node.path in _GLOBAL_NAMES else node.path
            self._found[path] = source
            self.objects[path] = node.value
