"""What edits of calls share: finding them, wider and wider, and changing them without touching what is around."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Import, Preamble, Proposal, Splice
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = [
    "called",
    "calls",
    "imported",
    "inserted",
    "is_none",
    "made_later",
    "proposals",
    "renamed",
    "replaced",
    "with_argument",
    "wrapped",
]


def proposals(
    cause: Cause,
    script: Script,
    treat: Callable[[Sequence[Site]], Iterable[Change]],
    why: str,
    *,
    sets_values: bool = True,
) -> list[Proposal]:
    """What `treat` makes of the line at fault, of its cell, and of all cells up to the one that differs."""
    found: dict[tuple[Change, ...], None] = {}
    for sites in script.sites(cause):
        changes = tuple(dict.fromkeys(treat(sites)))
        if changes:
            found[changes] = None
    return [Proposal(changes, why, sets_values) for changes in found]


def calls(sites: Iterable[Site]) -> Iterator[tuple[Site, ast.Call]]:
    """The calls among `sites`."""
    for site in sites:
        if isinstance(site.node, ast.Call):
            yield site, site.node


def made_later(sites: Iterable[Site]) -> Iterator[tuple[Site, ast.expr, ast.Call]]:
    """Functions that are named, to be called later without arguments, each with such a call in its place."""
    for site, call in calls(sites):
        makers = [
            word.value for word in call.keywords if word.arg in {"default_factory", "factory"}
        ]
        if getattr(call.func, "id", getattr(call.func, "attr", "")) == "defaultdict":
            makers += call.args[:1]
        for maker in makers:
            if isinstance(maker, ast.Name | ast.Attribute):
                yield site, maker, ast.copy_location(ast.Call(maker, [], []), maker)


def called(script: Script, call: ast.Call) -> str:
    """What is called: ``numpy.random.default_rng``; ``.method`` where the owner is no imported name; else empty."""
    path = script.path(call.func)
    if path is not None:
        return path
    return f".{call.func.attr}" if isinstance(call.func, ast.Attribute) else ""


def is_none(node: ast.AST) -> bool:
    """Whether an expression is ``None``."""
    return isinstance(node, ast.Constant) and node.value is None


def inserted(site: Site, offset: int, text: str) -> Splice:
    """Text in front of what stands at `offset`."""
    return Splice(site.cell, offset, offset, text)


def replaced(site: Site, node: ast.AST, text: str) -> Splice:
    """Other text for a node of the site's cell."""
    return Splice(site.cell, site.text.start(node), site.text.end(node), text)


def wrapped(site: Site, node: ast.AST, before: str, after: str) -> tuple[Splice, Splice]:
    """Text on both sides of a node."""
    return (
        inserted(site, site.text.start(node), before),
        inserted(site, site.text.end(node), after),
    )


def with_argument(site: Site, call: ast.Call, argument: str) -> Splice:
    """A further argument, after the others."""
    close = site.text.end(call) - 1
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not values:
        return inserted(site, close, argument)
    end = max(map(site.text.end, values))
    # A comma or a comment behind the last argument stays behind the new one; a bracket belongs to the last.
    bracketed = ")" in site.text.source[end:close].partition("#")[0]
    return inserted(site, close if bracketed else end, f", {argument}")


def renamed(script: Script, site: Site, function: ast.expr, path: str) -> tuple[Change, ...]:
    """Another function called: of an attribute the last name alone, of a plain name all of it."""
    if isinstance(function, ast.Attribute):
        end = site.text.end(function)
        return (Splice(site.cell, end - len(function.attr), end, path.rpartition(".")[2]),)
    module, _, name = path.rpartition(".")
    needed = script.name_for(module)
    return (replaced(site, function, f"{needed.name}.{name}"), imported(site, needed))


def imported(site: Site, *needed: Import, lines: tuple[str, ...] = ()) -> Preamble:
    """Imports, and lines, that a site needs before its cell runs."""
    return Preamble(site.cell, lines, needed)
