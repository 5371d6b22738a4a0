"""A module that cannot be imported: what to install, or where it lies."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import Advice, failure_cause, line_with
from repro_nb.rerun.diagnoses.distributions import KNOWN
from repro_nb.rerun.diagnoses.frames import failing_file, failure_origin
from repro_nb.rerun.diagnoses.import_failures import import_told_otherwise
from repro_nb.rerun.diagnoses.local_modules import local_module
from repro_nb.rerun.diagnoses.nearby import shown_path
from repro_nb.rerun.diagnoses.shell import installing_line
from repro_nb.rerun.diagnoses.versions import distributions_of, used_version

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Origin

__all__ = ["MissingModule"]

_MODULE = re.compile(r"No module named '?(?P<name>[\w.]+)'?")
_OFTEN_OWN = frozenset(
    {
        "common", "config", "constants", "data_loader", "data_utils", "dataset", "datasets", "functions",
        "helper", "helpers", "lib", "model", "models", "my_utils", "mylib", "nets", "network", "plotting",
        "preprocess", "preprocessing", "project_tests", "scripts", "settings", "src", "test_utils", "tools",
        "train", "training", "util", "utilities", "utils", "visualization", "workspace_utils",
    }
)  # fmt: skip
"""Names by which people call modules of their own; a package of that name is not what is meant."""


@dataclass(frozen=True)
class MissingModule:
    """Imports that fail since the module is not there."""

    name: str = "missing-module"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a failed import."""
        failure = case.failure
        if failure is None:
            return ()
        match = _MODULE.match(failure.message)
        if match is not None and failure.type in ("ModuleNotFoundError", "ImportError"):
            return [_whole_module(case, match["name"])]
        told = import_told_otherwise(case, failure)
        return () if told is None else [told]


def _whole_module(case: Case, name: str) -> Cause:
    advice = _local(case, name) or _place(name) or _submodule(case, name)
    advice = advice or _own(name) or _distribution(case, name)
    top = name.partition(".")[0]
    origin = failure_origin(case) or _import_line(case, top)
    evidence = (
        f"There is no module {name} in the kernel's environment{_where(case)}. {advice.evidence}"
    )
    installing = installing_line(case, top)
    if installing is not None:
        evidence += (
            f" Line {installing.line} of cell {installing.cell} installs it, which did not work in this run:"
            " a notebook that installs what it needs while it runs depends on the network."
        )
    return failure_cause(case, "missing-module", evidence.strip(), advice.fix, origin)


def _where(case: Case) -> str:
    found = failing_file(case)
    return (
        "" if found is None else f", which {shown_path(case, found[0])} imports in line {found[1]}"
    )


def _local(case: Case, name: str) -> Advice | None:
    top = name.lstrip(".").partition(".")[0]
    path = local_module(case, top)
    if path is None:
        return None
    shown = shown_path(case, path)
    if path.suffix == ".ipynb":
        fix = f"Save the functions of {shown} as {top}.py, beside this notebook."
        return Advice(f"A notebook of that name lies in the project: {shown}.", fix)
    folder = shown_path(case, path.parent)
    if folder == ".":
        return Advice(
            f"{shown} lies beside the notebook, and has no such part.", f"Add it to {shown}."
        )
    fix = (
        f"Run the notebook from the folder that holds {top}, or add that folder before the import: "
        f"`import sys; sys.path.insert(0, {folder!r})`."
    )
    return Advice(f"The project has it elsewhere: {shown}.", fix)


def _place(name: str) -> Advice | None:
    known = _longest(KNOWN.places, name)
    if known is None:
        return None
    place = KNOWN.places[known]
    fix = f"Guard the lines that use {known}, so that the notebook runs outside of {place}."
    return Advice(f"{known} exists in {place} alone.", fix)


def _own(name: str) -> Advice | None:
    top = name.partition(".")[0]
    if top not in _OFTEN_OWN:
        return None
    return Advice(
        "By its name it is a module of the author's own, and the project does not have it.",
        f"Put {top}.py beside the notebook.",
    )


def _of_the_course(name: str) -> Advice:
    """What no table knows: people publish notebooks without the files that go with them."""
    top = name.partition(".")[0]
    evidence = (
        "No table knows a package that provides it: it is probably a file of the author's that belongs"
        " beside the notebook."
    )
    fix = (
        f"Put {top}.py beside the notebook, from where the notebook comes from. Install a package called {top}"
        " only if its description says that it is the one meant: anybody may have published that name."
    )
    return Advice(evidence, fix)


def _submodule(case: Case, name: str) -> Advice | None:
    """A part that an installed package does not have."""
    top, dot, _ = name.partition(".")
    if not dot or _longest(KNOWN.distributions, name) not in (None, top):
        return None
    version = used_version(case, top)
    if version is None:
        return None
    return Advice(
        f"{top} {version} is installed, and has no such part: another version had it.",
        f"Install the version of {top} that the notebook was written for.",
    )


def _distribution(case: Case, name: str) -> Advice:
    top = name.partition(".")[0]
    known = _longest(KNOWN.distributions, name)
    installed = distributions_of(top)
    if installed and known in (None, top):
        return Advice(f"The package {installed[0]} provides it.", f"`pip install {installed[0]}`")
    if known is not None:
        package = KNOWN.distributions[known]
        evidence = f"The package {package} provides {known} (table of {KNOWN.date})."
        return Advice(evidence, f"`pip install {package}`")
    if top in KNOWN.same or installing_line(case, top) is not None:
        package = top.replace("_", "-")
        table = f" (table of {KNOWN.date})" if top in KNOWN.same else ""
        return Advice(f"The package {package} provides it{table}.", f"`pip install {package}`")
    return _of_the_course(name)


def _longest(table: Container[str], name: str) -> str | None:
    """The longest beginning of a dotted name that `table` knows."""
    parts = name.split(".")
    beginnings = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((known for known in beginnings if known in table), None)


def _import_line(case: Case, top: str) -> Origin | None:
    return line_with(case, _failing(case), rf"^\s*(?:from|import)\s.*\b{re.escape(top)}\b")


def _failing(case: Case) -> int:
    failure = case.run.failure
    if failure is None or failure.cell is None:
        raise ValueError("the run did not fail in a cell")
    return failure.cell
