"""What the machine decides: its time zone, its locale, where its folders lie."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Import, Preamble, Proposal
from repro_nb.rerun.fix.edits.common import (
    called,
    calls,
    imported,
    proposals,
    renamed,
    replaced,
    with_argument,
)
from repro_nb.rerun.fix.edits.shown import is_only_shown
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["ExplicitEncoding", "NamedZone", "NeutralLocale", "RelativePath", "UniversalTime"]


class NamedZone:
    """A time zone where a local time is made."""

    factors = frozenset({"timezone"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Universal time on the line at fault."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                yield from _zoned(script, site)

        why = "makes the time in UTC instead of in the machine's own time zone"
        return proposals(cause, script, treat, why)


def _zoned(script: Script, site: Site) -> Iterator[Change]:
    node = site.node
    if script.path(node) == "time.tzname":
        yield replaced(site, node, '("UTC", "UTC")')
    if not isinstance(node, ast.Call):
        return
    path, given = called(script, node), [site.text.text(argument) for argument in node.args]
    zone, needed = _utc(script)
    named = {word.arg for word in node.keywords}
    if path == "datetime.datetime.fromtimestamp" and len(given) == 1 and "tz" not in named:
        yield with_argument(site, node, f"tz={zone}")
        yield imported(site, needed)
    elif path == "time.localtime":
        yield from renamed(script, site, node.func, "time.gmtime")
    elif path == "time.mktime" and given:
        module = script.name_for("calendar")
        yield replaced(site, node, f"{module.name}.timegm({given[0]})")
        yield imported(site, module)
    elif path == "time.ctime" and given:
        module = script.name_for("time")
        yield replaced(site, node, f"{module.name}.asctime({module.name}.gmtime({given[0]}))")
        yield imported(site, module)
    elif path.rpartition(".")[2] == "astimezone" and not given and not named:
        yield with_argument(site, node, zone)
        yield imported(site, needed)
    elif path == ".timestamp" and not given and isinstance(node.func, ast.Attribute):
        owner = site.text.text(node.func.value)
        yield replaced(site, node.func.value, f"{owner}.replace(tzinfo={zone})")
        yield imported(site, needed)


def _utc(script: Script) -> tuple[str, Import]:
    """How the notebook can say "UTC"."""
    bound = {binding.path: binding.name for binding in script.imported}
    if "datetime.timezone" in bound:
        name = bound["datetime.timezone"]
        return f"{name}.utc", Import("datetime.timezone", name)
    if "datetime" in bound:
        return f"{bound['datetime']}.timezone.utc", Import("datetime", bound["datetime"])
    needed = script.name_for("datetime.timezone")
    return f"{needed.name}.utc", needed


class UniversalTime:
    """The notebook's own time zone, set before all else."""

    factors = frozenset({"timezone"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """``TZ`` in the process, which local times of Python follow from then on."""
        system, clock = script.name_for("os"), script.name_for("time")
        lines = (f'{system.name}.environ["TZ"] = "UTC"', f"{clock.name}.tzset()")
        before = cause.cell if cause.origin is None else cause.origin.cell
        why = "sets the time zone of the notebook's process to UTC (on Linux and macOS)"
        return [Proposal((Preamble(before, lines, (system, clock)),), why)]


class NeutralLocale:
    """The locale that every machine has."""

    factors = frozenset({"locale"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """``"C"`` where a cell asks for the user's own."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                if called(script, call) == "locale.setlocale":
                    values = [
                        *call.args[1:2],
                        *(w.value for w in call.keywords if w.arg == "locale"),
                    ]
                    yield from (replaced(site, each, '"C"') for each in values if _is_empty(each))

        return proposals(
            cause,
            script,
            treat,
            "sets the locale that every machine has, instead of the user's own",
        )


def _is_empty(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


class ExplicitEncoding:
    """Files read and written as UTF-8, whatever the locale says."""

    factors = frozenset({"locale"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """``encoding="utf-8"`` for files that are opened without one."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                named = {word.arg for word in call.keywords}
                if name in {"open", "read_text", "write_text"} and not named & {"encoding", None}:
                    yield with_argument(site, call, 'encoding="utf-8"')

        return proposals(
            cause, script, treat, "reads and writes the file as UTF-8 on every machine"
        )


_HARMLESS = frozenset({
    "append", "bool", "dict", "display", "enumerate", "extend", "float", "format", "int", "items", "join", "keys",
    "len", "list", "lower", "max", "min", "now", "perf_counter", "print", "range", "repr", "round", "set", "sorted",
    "split", "startswith", "endswith", "str", "strftime", "strip", "sum", "time", "today", "tuple", "upper", "values",
    "zip",
})  # fmt: skip
"""Calls that do nothing with a file, by the last part of their names."""
_HOME = frozenset({"os.path.expanduser", "os.getenv", "pathlib.Path.home"})


class RelativePath:
    """A path as the notebook writes it, instead of one that names the machine's folders."""

    factors = frozenset({"working-directory"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The relative path on the line at fault; ``~`` for the home folder in a notebook that only shows it.

        Anything that is done with ``~`` would make or look for a folder of that name.
        """

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                yield from _relative(script, site)

        why = "keeps the path relative, or shows `~` for the home folder, so that it is the same on every machine"
        return proposals(cause, script, treat, why)


def _relative(script: Script, site: Site) -> Iterator[Change]:
    node = site.node
    home = isinstance(node, ast.Call) and called(script, node) in _HOME
    home = home or (isinstance(node, ast.Subscript) and _is_home_variable(script, node))
    if home and not (is_only_shown(script, site, node) or _touches_no_file(script)):
        return
    if isinstance(node, ast.Subscript) and home:
        yield replaced(site, node, '"~"')
    if not isinstance(node, ast.Call):
        return
    text = _relative_call(script, site, node)
    if text:
        yield replaced(site, node, text)


def _touches_no_file(script: Script) -> bool:
    """Whether no cell calls anything but what is known to leave files alone."""
    return all(
        text.is_python
        and all(
            called(script, node) in _HOME or _name_of(node) in _HARMLESS
            for node in text.nodes()
            if isinstance(node, ast.Call)
        )
        for text in script.cells
    )


def _name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _is_home_variable(script: Script, node: ast.Subscript) -> bool:
    key = node.slice
    is_home = isinstance(key, ast.Constant) and key.value == "HOME"
    return is_home and script.path(node.value) == "os.environ"


def _relative_call(script: Script, site: Site, call: ast.Call) -> str:
    """The same path, relative; empty for a call that makes none."""
    path = called(script, call)
    first = site.text.text(call.args[0]) if call.args else ""
    owner = site.text.text(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    fixed = {
        "os.getcwd": '"."',
        "os.path.abspath": first,
        "os.path.realpath": first,
        "os.path.expanduser": first,
        "os.getenv": '"~"' if first.strip("'\"") == "HOME" else "",
        "pathlib.Path.cwd": f"{owner}()",
        "pathlib.Path.home": f'{owner}("~")',
    }
    if path in fixed:
        return fixed[path]
    if path.rpartition(".")[2] in {"resolve", "absolute", "expanduser"} and not call.args:
        return owner
    return ""
