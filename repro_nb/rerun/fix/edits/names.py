"""Names, modules and files that are not there under the name that the notebook uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from repro_nb.rerun.fix.changes import Change, Preamble, Proposal, Splice
from repro_nb.rerun.fix.edits.common import inserted, proposals, replaced
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["FolderOnPath", "MissingImport", "MisspeltName", "OtherCase"]

_ADDED = re.compile(r"Add `((?:import|from) [\w., ]+)`")
_SLIP = re.compile(r"Write (\w+) instead of (\w+)")


class MissingImport:
    """The import that a well-known name stands for."""

    factors = frozenset({"missing-name"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:  # noqa: ARG002 - the diagnosis names it
        """What the diagnosis says."""
        found = _ADDED.search(cause.fix)
        if found is None:
            return []
        return [Proposal((Preamble(cause.cell, (found[1],)),), "imports what the name stands for")]


class MisspeltName:
    """A name that is one slip away from the only one that is defined."""

    factors = frozenset({"missing-name"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The name that is defined, in place of the one that is not."""
        found = _SLIP.search(cause.fix)
        if found is None:
            return []
        known, slip = found.groups()
        changes = tuple(
            Splice(cell, text.start(node), text.end(node), known)
            for cell, text in enumerate(script.cells)
            for node in text.nodes()
            if isinstance(node, ast.Name) and node.id == slip
        )
        why = f"takes {slip} for a slip of {known}; look whether it is"
        return [Proposal(changes, why)] if changes else []


class OtherCase:
    """A file whose name differs in upper and lower case alone."""

    factors = frozenset({"missing-file"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The name that the file has."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                found = _found(script.folder, site.node)
                if found:
                    yield replaced(site, site.node, repr(found))

        return proposals(
            cause, script, treat, "names the file as it is written on disk", sets_values=False
        )


def _found(folder: Path, node: ast.AST) -> str:
    """The path of a file that is there, for a text that names it in another case; empty where there is not one."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return ""
    place = Path(node.value)
    if not node.value or place.is_absolute() or ".." in place.parts or (folder / place).exists():
        return ""
    known = [Path()]
    for part in place.parts:
        known = [
            path / entry.name
            for path in known
            if (folder / path).is_dir()
            for entry in (folder / path).iterdir()
            if entry.name.lower() == part.lower()
        ]
    return known[0].as_posix() if len(known) == 1 else ""


class FolderOnPath:
    """A module of the project's own that lies in another folder."""

    factors = frozenset({"missing-module"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Its folder put on the search path before the import."""
        sites = next(iter(script.sites(cause)), ())
        site = next((site for site in sites if _imported(site.node)), None)
        if site is None:
            return []
        folders = {
            each for name in _imported(site.node) for each in _folders_of(script.folder, name)
        }
        if len(folders) != 1:
            return []
        start = site.text.start(site.node)
        indent = site.text.source[site.text.line_start(site.node.lineno) : start]  # type: ignore[attr-defined]
        system = script.name_for("sys")
        lines = [system.statement, f"{system.name}.path.insert(0, {folders.pop()!r})", ""]
        change = inserted(site, start, f"\n{indent}".join(lines))
        why = "puts the folder that holds the module on the search path"
        return [Proposal((change,), why, sets_values=False)]


def _imported(node: ast.AST) -> set[str]:
    """Names of the modules that a statement imports, their first parts."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module.partition(".")[0]}
    return set()


def _folders_of(folder: Path, module: str) -> list[str]:
    """Folders beside or one above the notebook that hold the module."""
    places = [folder.parent, *(entry for entry in folder.iterdir() if entry.is_dir())]
    places += [entry for entry in folder.parent.iterdir() if entry.is_dir() and entry != folder]
    return [
        _relative(folder, place)
        for place in places
        if (place / f"{module}.py").is_file() or (place / module / "__init__.py").is_file()
    ]


def _relative(folder: Path, place: Path) -> str:
    if place.is_relative_to(folder):
        return place.relative_to(folder).as_posix()
    return "/".join(["..", *place.relative_to(folder.parent).parts])
