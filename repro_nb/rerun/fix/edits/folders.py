"""Files in the order in which the file system lists them: sorted."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Proposal
from repro_nb.rerun.fix.edits.common import called, calls, inserted, proposals, wrapped
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["SortedListing"]

_LISTINGS = frozenset({"os.listdir", "glob.glob", "glob.iglob", ".iterdir", ".glob", ".rglob"})
_WALKED = 3


class SortedListing:
    """``sorted(os.listdir(…))``, and the like."""

    factors = frozenset({"directory-order"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Listings sorted where they are made."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                yield from _sorted(script, site, call)

        why = "sorts the files, so that the file system's order does not matter"
        return proposals(cause, script, treat, why, sets_values=False)


def _sorted(script: Script, site: Site, call: ast.Call) -> Iterator[Change]:
    path = called(script, call)
    parent = site.text.parents.get(call)
    if _called_name(parent) == "sorted":
        return
    before, after = ("iter(", ")") if _called_name(parent) == "next" else ("", "")
    if path in _LISTINGS:
        yield from wrapped(site, call, f"{before}sorted(", f"){after}")
    elif path == "os.scandir":
        key = "key=lambda entry: entry.name"
        yield from wrapped(site, call, f"{before}sorted(", f", {key}){after}")
    elif path == "os.walk":
        yield from _walked(site, call, parent)


def _walked(site: Site, call: ast.Call, parent: ast.AST | None) -> Iterator[Change]:
    names = _loop_names(parent)
    if names and isinstance(parent, ast.For):
        body = parent.body[0]
        start = site.text.start(body)
        line = site.text.line_start(body.lineno)
        indent = site.text.source[line:start]
        if not indent.strip():
            # In place: os.walk goes down in the order in which it finds the list of folders.
            text = "".join(f"{name}.sort()\n{indent}" for name in names)
            yield inserted(site, start, text)
            return
    before = "((root, sorted(folders), sorted(files)) for root, folders, files in sorted("
    yield from wrapped(site, call, before, "))")


def _loop_names(loop: ast.AST | None) -> list[str]:
    """What the folders and the files of one step are called; empty where the loop takes them in another way."""
    target = loop.target if isinstance(loop, ast.For) else None
    if not isinstance(target, ast.Tuple) or len(target.elts) != _WALKED:
        return []
    names = [each.id for each in target.elts[1:] if isinstance(each, ast.Name)]
    return list(dict.fromkeys(names)) if len(names) == _WALKED - 1 else []


def _called_name(node: ast.AST | None) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
