"""What a library took out, where it left the same thing under another name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.diagnoses.removed_table import Removed, removed_apis
from repro_nb.rerun.fix.changes import Change, Proposal, Splice
from repro_nb.rerun.fix.edits.common import imported, proposals, replaced
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["AppendedRow", "NewName", "PrintFunction"]

_PLAIN_NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?:\(\))?(?:, or .*)?")
_SHORT = {"np": "numpy", "pd": "pandas"}
_PRINT = re.compile(
    r"^([ \t]*(?:[^#'\"\n]*:[ \t]+)?)print[ \t]+(?![(=])([^\n;]+?)[ \t]*$", re.MULTILINE
)


class NewName:
    """The new name, where the table of what went knows one."""

    factors = frozenset({"removed-api"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The name on the line at fault."""
        entries = {
            entry: _new_name(entry)
            for entry in removed_apis()
            if entry.instead in cause.fix and entry.full_name in cause.evidence and _new_name(entry)
        }

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                for entry, instead in entries.items():
                    yield from _renamed(script, site, entry, instead)

        why = f"uses {next(iter(entries.values()), '')}, which took its place"
        return proposals(cause, script, treat, why)


def _new_name(entry: Removed) -> str:
    """What took its place, where that is a name alone; empty where it is not."""
    found = _PLAIN_NAME.fullmatch(entry.instead)
    if found is None or found[1] == "nothing":
        return ""
    top, dot, rest = found[1].partition(".")
    return f"{_SHORT.get(top, top)}{dot}{rest}"


def _renamed(script: Script, site: Site, entry: Removed, instead: str) -> Iterator[Change]:
    node = site.node
    if script.path(node) == entry.full_name and isinstance(node, ast.Attribute | ast.Name):
        yield from _replaced(script, site, node, instead)
    elif isinstance(node, ast.Attribute) and script.path(node) is None:
        owner, _, old = entry.name.rpartition(".")
        new_owner, _, new = instead.rpartition(".")
        if owner and node.attr == old and owner.rpartition(".")[2] == new_owner.rpartition(".")[2]:
            end = site.text.end(node)
            yield Splice(site.cell, end - len(old), end, new)


def _replaced(script: Script, site: Site, node: ast.expr, instead: str) -> Iterator[Change]:
    module, _, name = instead.rpartition(".")
    if not module:
        yield replaced(site, node, instead)
        return
    if isinstance(node, ast.Attribute) and script.path(node.value) == module:
        end = site.text.end(node)
        yield Splice(site.cell, end - len(node.attr), end, name)
        return
    top = script.name_for(module)
    yield imported(site, top)
    yield replaced(site, node, f"{top.name}.{name}")


class AppendedRow:
    """``pd.concat`` for ``DataFrame.append``."""

    factors = frozenset({"removed-api"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The frame and what is appended, put together."""
        if "append" not in cause.evidence:
            return []

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                yield from _concatenated(script, site)

        why = "puts the rows together by `pd.concat`, which took the place of `append`"
        return proposals(cause, script, treat, why)


def _concatenated(script: Script, site: Site) -> Iterator[Change]:
    call = site.node
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
        return
    ignores = any(word.arg == "ignore_index" for word in call.keywords)
    if call.func.attr != "append" or not (ignores or call.keywords):
        return
    pandas = script.name_for("pandas")
    owner, added = site.text.text(call.func.value), site.text.text(call.args[0])
    if isinstance(call.args[0], ast.Dict):
        added = f"{pandas.name}.DataFrame([{added}])"
    options = "".join(
        f", {word.arg}={site.text.text(word.value)}" for word in call.keywords if word.arg
    )
    yield imported(site, pandas)
    yield replaced(site, call, f"{pandas.name}.concat([{owner}, {added}]{options})")


class PrintFunction:
    """``print(…)`` for the statement of Python 2, where each stands on a line of its own."""

    factors = frozenset({"removed-api"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """All of the notebook at once, as each cell would fail in turn."""
        changes = tuple(
            Splice(cell, found.start(2), found.end(2), f"({found[2]})")
            for cell, text in enumerate(script.cells)
            if not text.is_python
            for found in _PRINT.finditer(text.source)
            if not found[2].endswith(",") and not found[2].startswith(">>")
        )
        if "print" not in f"{cause.evidence}{cause.fix}" or not changes:
            return []
        spaces = tuple(Splice(each.cell, each.start - 1, each.start, "") for each in changes)
        return [Proposal((*spaces, *changes), "calls the function that took the statement's place")]
