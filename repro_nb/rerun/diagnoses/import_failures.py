"""Imports that fail otherwise than by "No module named": what the library or the loader says, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with
from repro_nb.rerun.diagnoses.distributions import KNOWN
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.nearby import shown_path
from repro_nb.rerun.diagnoses.versions import used_version
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure

__all__ = ["import_told_otherwise"]

_NAME = re.compile(
    r"cannot import name '?(?P<name>\w+)'? from '(?P<owner>[\w.]+)'(?: \((?P<path>.+)\))?"
)
_LIBRARY = re.compile(r"(?P<name>lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_WANTED = (
    re.compile(r"[Mm]issing optional dependency '(?P<name>[\w.-]+)'"),
    re.compile(r"`?(?:pip|conda|mamba) install (?:-{1,2}[\w-]+ )*[`'\"]?(?P<name>[\w.\[\]-]+\w)"),
    re.compile(r"Failed to import any of the following Qt binding modules: (?P<name>\w+)"),
    re.compile(r"the features you requested: (?P<name>lxml|html5lib)\b"),
    re.compile(r"^(?P<name>\w+) not found, (?:please )?install"),
    re.compile(r"IProgress not found. Please update jupyter and (?P<name>ipywidgets)"),
    re.compile(r"^(?P<name>[\w-]+) is required (?:for|to)\b"),
)
_SPACY_MODEL = re.compile(r"\[E050\] Can't find model '(?P<name>\w+)'")
_RELATIVE = re.compile(r"attempted relative import")


def import_told_otherwise(case: Case, failure: Failure) -> Cause | None:
    """The cause of a failed import that names a missing name, library or package; None for other failures."""
    for types, pattern, cause in _WAYS:
        match = pattern.search(failure.message) if failure.type in types else None
        if match is not None:
            return cause(case, failure, match)
    return None


def _name_of_module(case: Case, failure: Failure, match: re.Match[str]) -> Cause:
    """A module that is there, without the name that is imported from it."""
    name, owner = match["name"], match["owner"]
    origin = failure_origin(case) or line_with(case, failure.cell or 0, rf"\b{name}\b")
    path = Path(match["path"] or "")
    if match["path"] and path.is_relative_to(case.notebook.path.parent):
        shown = shown_path(case, path)
        evidence = f"{shown} does not define {name}."
        return failure_cause(case, "missing-name", evidence, f"Define {name} in {shown}.", origin)
    top = owner.partition(".")[0]
    version = used_version(case, top)
    has = f"{top} {version}" if version else f"The installed {top}"
    evidence = f"{has} has no {name} in {owner}: the notebook was written for another version."
    fix = f"Install the version of {top} that the notebook was written for."
    return failure_cause(case, "environment", evidence, fix, origin, Grade.SUSPECTED)


def _shared_library(case: Case, failure: Failure, match: re.Match[str]) -> Cause:
    library = match["name"]
    package = next((p for known, p in KNOWN.libraries.items() if library.startswith(known)), None)
    fix = "Install the system's package that has it"
    fix += f": on Debian and Ubuntu `apt install {package}`." if package else "."
    if library.startswith("libGL."):
        fix += " Or use opencv-python-headless in place of opencv-python."
    evidence = f"The system lacks the shared library {library}: {first_line(failure.message)}"
    return failure_cause(case, "missing-module", evidence, fix, failure_origin(case))


def _asked_for(case: Case, failure: Failure, match: re.Match[str]) -> Cause:
    package = KNOWN.distributions.get(match["name"], match["name"])
    evidence = f"A library asks for a package that is not there: {first_line(failure.message)}"
    fix = f"`pip install {package}`"
    return failure_cause(case, "missing-module", evidence, fix, failure_origin(case))


def _relative(case: Case, _: Failure, __: re.Match[str]) -> Cause:
    evidence = "A notebook lies in no package, so that nothing can be imported from a place relative to it."
    fix = "Import the module by its name, from a folder that is on sys.path."
    return failure_cause(case, "missing-module", evidence, fix, failure_origin(case))


def _spacy_model(case: Case, _: Failure, match: re.Match[str]) -> Cause:
    name = match["name"]
    evidence = f"The model {name} of spaCy is not installed."
    fix = f"`python -m spacy download {name}`"
    return failure_cause(case, "missing-module", evidence, fix, failure_origin(case))


_IMPORTING = ("ModuleNotFoundError", "ImportError", "FeatureNotFound")
_Way = tuple[
    tuple[str, ...], re.Pattern[str], Callable[["Case", "Failure", re.Match[str]], "Cause"]
]
_WAYS: tuple[_Way, ...] = (
    (("OSError",), _SPACY_MODEL, _spacy_model),
    (_IMPORTING, _RELATIVE, _relative),
    (_IMPORTING, _NAME, _name_of_module),
    (_IMPORTING, _LIBRARY, _shared_library),
    *((_IMPORTING, pattern, _asked_for) for pattern in _WANTED),
)
