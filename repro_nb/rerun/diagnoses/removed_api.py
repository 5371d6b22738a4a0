"""An API that went: an attribute, a module, an argument that a library had once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.local_modules import local_module
from repro_nb.rerun.diagnoses.names import names_of
from repro_nb.rerun.diagnoses.removed_table import (
    PYTHON,
    Removed,
    messages,
    removed_apis,
    table_date,
)
from repro_nb.rerun.diagnoses.versions import at_least, distribution_of, used_version, was_imported

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure, Origin

__all__ = ["RemovedApi"]

_MEMBER = re.compile(r"(?i:module) '(?P<owner>[\w.]+)' has no attribute '(?P<name>\w+)'")
_NAME = re.compile(r"cannot import name '?(?P<name>\w+)'? from '(?P<owner>[\w.]+)'")
_MODULE = re.compile(r"No module named '?(?P<name>[\w.]+)'?")
_ATTRIBUTE = re.compile(
    r"(?:type object )?'(?P<owner>[\w.]+)' object has no attribute '(?P<name>\w+)'"
    r"|type object '(?P<type>[\w.]+)' has no attribute '(?P<member>\w+)'"
)
_ARGUMENT = re.compile(r"got an unexpected keyword argument '(?P<name>\w+)'")
_UNDEFINED = re.compile(r"name '(?P<name>\w+)' is not defined")
_SAID = re.compile(
    r"[`'\"]?(?P<name>[\w.]*\w)[`'\"]?(?: \w+){0,3} (?:was|were|has been|have been|is|are|been) removed"
    r" (?:in|from|since)\b(?P<where>[^\n]{0,60}?\d+\.\d+[\w.]*)"
    r"|(?P<old>[\w.]+), but this is no longer supported in (?P<since>[\w.>=]+\d)"
    r"|(?P<torch>This function was deprecated since version [\d.]+\d and is now removed)"
)


@dataclass(frozen=True)
class RemovedApi:
    """Attributes, modules and arguments that went, by a dated table and by what libraries say themselves."""

    name: str = "removed-api"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a failure that names something which went."""
        failure = case.failure
        if failure is None or failure.exit_code != 1:
            return ()
        found = next(_known(case, failure), None)
        if found is not None:
            return [_from_table(case, found)]
        cause = _from_message(case, failure) or _from_the_librarys_words(case, failure)
        return [] if cause is None else [cause]


def _known(case: Case, failure: Failure) -> Iterator[Removed]:
    """Entries of the table that the failure's text asks for, and that the version in use is without."""
    source, starred = _failing_source(case), _from_stars(case, failure.message)
    for entry in removed_apis():
        meant = entry.full_name in starred or _is_meant(entry, failure.message, source)
        if meant and _is_used(case, entry.library):
            version = used_version(case, entry.library)
            shadowed = local_module(case, entry.full_name.partition(".")[0]) is not None
            if not shadowed and (version is None or at_least(version, entry.version)):
                yield entry


def _from_stars(case: Case, message: str) -> frozenset[str]:
    """What a name that is not defined would be called, had it come by one of the imports of everything."""
    match = _UNDEFINED.match(message)
    if match is None:
        return frozenset()
    modules = {module for cell in case.cells for module in names_of(cell.source).stars}
    return frozenset(f"{module}.{match['name']}" for module in modules)


def _is_meant(entry: Removed, message: str, source: str) -> bool:
    if entry.name.endswith("=)"):
        return _asks_for_argument(entry, message, source)
    if match := _MEMBER.search(message) or _NAME.search(message):
        return entry.full_name == f"{match['owner']}.{match['name']}"
    if match := _MODULE.match(message):
        asked = match["name"]
        return asked == entry.full_name or asked.startswith(f"{entry.full_name}.")
    if match := _SAID.search(message):
        return (match["name"] or match["old"] or "").rpartition(".")[2] == _last(entry.full_name)
    if match := _ATTRIBUTE.match(message):
        asked = f"{match['owner'] or match['type']}.{match['name'] or match['member']}"
        return fnmatchcase(asked, entry.name)
    return False


def _asks_for_argument(entry: Removed, message: str, source: str) -> bool:
    match = _ARGUMENT.search(message)
    function, _, argument = entry.name[:-2].rpartition("(")
    if match is None or match["name"] != argument:
        return False
    called = function.removesuffix(".__init__").rpartition(".")[2]
    return re.search(rf"\b{called}\s*\(", source) is not None or f"{called}(" in message


def _is_used(case: Case, library: str) -> bool:
    if library in (PYTHON, "IPython"):
        return True
    imported = {
        module.partition(".")[0] for cell in case.cells for module in names_of(cell.source).imports
    }
    return library in imported or was_imported(case, library)


def _from_table(case: Case, entry: Removed) -> Cause:
    last = rf"\b{_last(entry.full_name)}\b"
    return _cause(case, entry.full_name, entry.library, entry.version, entry.instead, last)


def _last(name: str) -> str:
    return re.split(r"[.(]", name.removesuffix("=)"))[-1]


def _from_message(case: Case, failure: Failure) -> Cause | None:
    for entry in messages():
        match = entry.pattern.search(failure.message)
        if match is None or not entry.through.search(failure.traceback):
            continue
        if not _is_used(case, entry.library):
            continue
        version = used_version(case, entry.library)
        if version is not None and not at_least(version, entry.version):
            continue
        what = entry.what.format(name=match["name"])
        instead = entry.instead.replace("{name}", match["name"] or "")
        return _cause(case, what, entry.library, entry.version, instead, None)
    return None


def _cause(
    case: Case, what: str, library: str, version: str, instead: str, pattern: str | None
) -> Cause:
    installed = used_version(case, library)
    has = f"; this run had {installed}" if installed else ""
    title = "Python" if library == PYTHON else library
    older = (
        "" if library == PYTHON else f", or install {distribution_of(library)} older than {version}"
    )
    return failure_cause(
        case,
        "removed-api",
        f"{title} {version} took out {what}{has} (table of {table_date()}).",
        f"Use {instead}{older}.",
        failure_origin(case) or _line(case, pattern),
    )


def _from_the_librarys_words(case: Case, failure: Failure) -> Cause | None:
    match = _SAID.search(failure.message)
    if match is None or not _raised_in_a_library(failure):
        return None
    evidence = f"The library itself says so: {first_line(failure.message)}"
    fix = "Do as that message says, or install the older version that the notebook was written for."
    name = (match["name"] or match["old"] or "").rpartition(".")[2]
    origin = failure_origin(case) or _line(case, rf"\b{name}\b" if name else None)
    return failure_cause(case, "removed-api", evidence, fix, origin)


def _raised_in_a_library(failure: Failure) -> bool:
    return "-packages" in failure.traceback or failure.type in ("AttributeError", "ImportError")


def _failing_source(case: Case) -> str:
    origin = failure_origin(case)
    failing = case.run.failure.cell if case.run.failure is not None else None
    cell = origin.cell if origin is not None else failing
    return "" if cell is None else case.cells[cell].source


def _line(case: Case, pattern: str | None) -> Origin | None:
    failure = case.run.failure
    if failure is None or failure.cell is None or pattern is None:
        return None
    return line_with(case, failure.cell, pattern)
