"""The order of sets, and hashes of text: sorted where the order matters, a checksum instead of ``hash``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeGuard

from repro_nb.rerun.fix.changes import Change, Proposal
from repro_nb.rerun.fix.edits.common import calls, imported, inserted, proposals, replaced, wrapped
from repro_nb.rerun.fix.edits.set_types import is_set
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["Checksum", "OrderedPop", "SortedSet"]

_ORDER_SHOWS = frozenset({
    "list", "tuple", "enumerate", "iter", "map", "filter", "zip", "max", "min", "sum", "print", "str", "repr",
    "display", "dict", "deque",
})  # fmt: skip
_ORDER_SHOWS_IN_METHODS = frozenset({
    "join", "fromkeys", "extend", "array", "asarray", "tensor", "Series", "Index", "DataFrame", "from_iterable",
    "chain", "deque", "choice", "choices", "sample", "OrderedDict", "product", "permutations", "combinations",
    "islice", "cycle", "reduce", "map", "format", "writelines", "dumps",
})  # fmt: skip
_GO_THROUGH = frozenset({"list", "tuple", "enumerate", "join", "fromkeys", "zip", "map"})
_ORDER_IS_LOST = frozenset({
    "sorted", "len", "set", "frozenset", "any", "all", "bool", "isinstance", "type",
})  # fmt: skip
_NO_SETS = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.JoinedStr)
_MAKE_NO_SETS = frozenset({
    "range", "enumerate", "zip", "sorted", "reversed", "open", "list", "items",
})  # fmt: skip


class SortedSet:
    """``sorted(…)`` around a set where its order matters."""

    factors = frozenset({"hash-seed"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The sets sorted; by their text where they cannot be compared; then whatever is gone through, too."""
        why = "sorts the set before its order matters"
        by_text = f"{why}, by the text of its elements, which cannot be compared with one another"
        plain = _sorting(cause, script, why, "", _is_set)
        texts = _sorting(cause, script, by_text, ", key=str", _is_set)
        wide = _sorting(cause, script, f"{why} (it is taken for one)", "", _may_be_set)
        return [*plain, *texts[:1], *wide[:1]]


def _sorting(
    cause: Cause,
    script: Script,
    why: str,
    key: str,
    is_wanted: Callable[[Script, Site, ast.AST], bool],
) -> list[Proposal]:
    def treat(sites: Sequence[Site]) -> Iterable[Change]:
        for site in sites:
            for node in _ordered(site):
                if is_wanted(script, site, node) and not _is_sorted_around(site, node):
                    yield from _sorted(site, node, key)

    return proposals(cause, script, treat, why, sets_values=False)


def _sorted(site: Site, node: ast.AST, key: str) -> Iterator[Change]:
    call = site.node
    if (
        isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "list"
        and len(call.args) == 1
    ):
        yield replaced(site, call.func, "sorted")
        if key:
            yield inserted(site, site.text.end(node), key)
    else:
        yield from wrapped(site, node, "sorted(", f"{key})")


def _ordered(site: Site) -> Iterator[ast.AST]:
    """Expressions whose order shows by what is done with them."""
    node = site.node
    if isinstance(node, ast.For | ast.AsyncFor):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        yield from (generator.iter for generator in node.generators)
    elif isinstance(node, ast.Starred | ast.YieldFrom | ast.FormattedValue) or _unpacks(node):
        yield node.value
    elif isinstance(node, ast.Call) and _shows_order(node.func):
        yield from (each for each in node.args if not isinstance(each, ast.Starred))


def _unpacks(node: ast.AST) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple | ast.List)


def _shows_order(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in _ORDER_SHOWS | _ORDER_SHOWS_IN_METHODS
    return isinstance(function, ast.Attribute) and function.attr in _ORDER_SHOWS_IN_METHODS


def _is_sorted_around(site: Site, node: ast.AST) -> bool:
    """Whether the order is lost again right around: ``sorted(x for x in names)``."""
    around = site.text.parents.get(node)
    if isinstance(around, ast.comprehension):
        around = site.text.parents.get(around)
    outer = site.text.parents.get(around) if around is not None else None
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Name)
        and each.func.id in _ORDER_IS_LOST
        for each in (around, outer if isinstance(around, ast.GeneratorExp | ast.ListComp) else None)
    )


def _is_set(script: Script, _: Site, node: ast.AST) -> bool:
    return is_set(script, node)


def _may_be_set(script: Script, site: Site, node: ast.AST) -> bool:
    """Whether something that is gone through, and not shown as it is, may be a set."""
    shown = isinstance(
        site.node, ast.FormattedValue | ast.Starred | ast.Call
    ) and not _goes_through(site)
    if is_set(script, node):
        return True
    if shown or isinstance(node, _NO_SETS):
        return False
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return name not in _MAKE_NO_SETS
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def _goes_through(site: Site) -> bool:
    function = getattr(site.node, "func", None)
    return getattr(function, "id", getattr(function, "attr", "")) in _GO_THROUGH


class Checksum:
    """A checksum of the text for ``hash``, which differs from process to process."""

    factors = frozenset({"hash-seed"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """``zlib.crc32(repr(x).encode())`` for ``hash(x)``."""
        module = script.name_for("zlib")

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                if (
                    isinstance(call.func, ast.Name)
                    and call.func.id == "hash"
                    and len(call.args) == 1
                ):
                    argument = site.text.text(call.args[0])
                    yield imported(site, module)
                    yield replaced(site, call, f"{module.name}.crc32(repr({argument}).encode())")

        why = "a checksum of the text, which is the same in every process, instead of `hash`"
        return proposals(cause, script, treat, why)


class OrderedPop:
    """``pop`` from a set: from a sorted list, where nothing else is done with it that a list cannot do."""

    factors = frozenset({"hash-seed"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The set made a sorted list where it is made."""
        popped = {
            call.func.value.id
            for sites in list(script.sites(cause))[-1:]
            for _, call in calls(sites)
            if isinstance(call.func, ast.Attribute)
            and call.func.attr == "pop"
            and isinstance(call.func.value, ast.Name)
            and is_set(script, call.func.value)
        }
        made = [
            (site, node)
            for sites in list(script.sites(cause))[-1:]
            for site, node in _assignments(sites)
            if isinstance(node.targets[0], ast.Name) and node.targets[0].id in popped
        ]
        names = {node.targets[0].id for _, node in made if isinstance(node.targets[0], ast.Name)}
        if not made or not all(_serves_as_list(script, name) for name in names):
            return []
        changes = tuple(c for site, node in made for c in wrapped(site, node.value, "sorted(", ")"))
        why = "takes the elements from a sorted list, so that `pop` takes the same one every time"
        return [Proposal(changes, why)]


def _assignments(sites: Iterable[Site]) -> Iterator[tuple[Site, ast.Assign]]:
    for site in sites:
        if isinstance(site.node, ast.Assign):
            yield site, site.node


def _serves_as_list(script: Script, name: str) -> bool:
    """Whether all that is done with the set can be done with a list."""
    for text in script.cells:
        for node in text.nodes():
            if not (isinstance(node, ast.Name) and node.id == name):
                continue
            around = text.parents.get(node)
            if isinstance(around, ast.Attribute) and around.attr not in {
                "pop",
                "remove",
                "clear",
                "copy",
            }:
                return False
            if isinstance(around, ast.BinOp | ast.AugAssign):
                return False
    return True
