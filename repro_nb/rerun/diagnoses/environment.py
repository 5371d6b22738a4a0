"""Another environment: packages, or Python, have other versions than when the notebook was saved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with
from repro_nb.rerun.diagnoses.display_changes import display_change, text_of
from repro_nb.rerun.diagnoses.elimination import saved_python
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.history_of_runs import was_run
from repro_nb.rerun.diagnoses.names import imported_by, upstream
from repro_nb.rerun.diagnoses.saved_record import tells_of
from repro_nb.rerun.diagnoses.silent_changes import silent_change
from repro_nb.rerun.diagnoses.versions import (
    distribution_of,
    is_third_party,
    recorded_python,
    recorded_version,
    used_version,
)
from repro_nb.rerun.result import Cause, Grade, Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["EnvironmentChange"]

_SHOWS_VERSION = (
    r"__version__|\bsys\.version(?:_info)?\b|\bpython_version\(|\bshow_versions\(|\bversion\(['\"]"
    r"|%(?:watermark|version_information)\b|\bpip3?\s+(?:freeze|list|show)\b|\bconda\s+list\b"
    r"|\bpython3?\s+(?:-V|--version)\b|\bplatform\.\w+\(|\bsession_info\b|\bprint_versions\("
    r"|\bnvidia-smi\b|\blscpu\b|\buname\b|\bsys\.executable\b|\bdevice_name\(|/proc/(?:cpuinfo|meminfo)"
)
_VERSION = re.compile(r"(?<![\d.])\d+[.,] ?\d+(?:[.,] ?\d+)*")
_MOST_SHOWN = 6


@dataclass(frozen=True)
class _Change:
    """A library with another version than before."""

    library: str
    before: str
    now: str

    @property
    def is_major(self) -> bool:
        """Whether the first number of the version is another one."""
        return self.before.split(".")[0] != self.now.split(".")[0]


@dataclass(frozen=True)
class EnvironmentChange:
    """Versions of then and now: from the recording, from what the outputs show, from the notebook's metadata."""

    name: str = "environment"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The environment as a cause: one for all cells that differ on the same ground."""
        found = [cause for cell in case.divergent if (cause := _of_cell(case, cell)) is not None]
        return [*_of_failure(case), *_merged(found)]


def _merged(causes: Sequence[Cause]) -> Iterator[Cause]:
    """One cause each for what was observed and for what is suspected; later cells inherit from the first."""
    for grade in (Grade.OBSERVED, Grade.SUSPECTED):
        same = [cause for cause in causes if cause.grade is grade]
        if same:
            yield replace(same[0], inherited_by=tuple(cause.cell for cause in same[1:]))


def _of_failure(case: Case) -> Iterator[Cause]:
    """A failure in code of a library that was another version in the recorded run, in which the cell went well."""
    failure = case.failure
    if failure is None or failure.cell is None or failure.exit_code != 1:
        return
    if not tells_of(case, failure.cell) or not was_run(case, failure.cell):
        return
    modules = imported_by(case.cells, (*upstream(case.cells, failure.cell), failure.cell))
    changes = _changes(case, modules)
    if not changes:
        return
    evidence = (
        f"The recorded run came through this cell with {_then(changes)}; this run had {_now(changes)},"
        f" and raised {failure.type}: {first_line(failure.message)}"
    )
    yield failure_cause(
        case, "environment", evidence, _fix(changes), failure_origin(case), Grade.OBSERVED
    )


def _of_cell(case: Case, cell: int) -> Cause | None:
    slice_ = (*upstream(case.cells, cell), cell)
    modules = imported_by(case.cells, slice_)
    shown = line_with(case, cell, _SHOWS_VERSION)
    if shown is not None:
        return _version_shown(case, cell, shown)
    if tells_of(case, cell) and (changes := _changes(case, modules)):
        evidence = f"The recorded run, which gave the saved output, had {_then(changes)}; this run had {_now(changes)}."
        return _cause(cell, Grade.OBSERVED, evidence, _fix(changes))
    displayed = display_change(case, cell)
    if displayed is not None:
        return _cause(cell, Grade.SUSPECTED, displayed, _LOCK)
    silent = silent_change(case, slice_, modules)
    if silent is not None:
        advice, grade, line = silent
        return _cause(cell, grade, advice.evidence, advice.fix, line)
    return _other_python(case, cell, modules)


_LOCK = "Run it again and save it, or install the versions that it was saved with, and keep them in a lock file."


def _version_shown(case: Case, cell: int, shown: Origin) -> Cause:
    saved = set(_VERSION.findall(text_of(case.cells[cell].outputs)))
    fresh = set(_VERSION.findall(text_of(case.run.outputs[cell] or [])))
    seen = bool(saved and fresh and saved != fresh)
    evidence = f"The cell shows a version: {', '.join(sorted(saved - fresh)[:3])} is saved"
    evidence += f", {', '.join(sorted(fresh - saved)[:3])} it is now." if seen else "."
    if not seen:
        evidence = "The cell shows facts of the environment, which are others now."
    grade = Grade.OBSERVED if seen else Grade.SUSPECTED
    return _cause(cell, grade, evidence, _LOCK, shown)


def _other_python(case: Case, cell: int, modules: Iterable[str]) -> Cause | None:
    before, now = saved_python(case), used_version(case, "python")
    libraries = sorted(module for module in modules if is_third_party(module))
    if before is None or now is None or not libraries or now.split(".")[:2] == before.split("."):
        return None
    listed = ", ".join(libraries[:_MOST_SHOWN])
    evidence = (
        f"The notebook was saved with Python {before} and ran with {now} now, and so with other versions"
        f" of what the cell uses: {listed}. Which, nothing tells."
    )
    return _cause(cell, Grade.SUSPECTED, evidence, _LOCK)


def _changes(case: Case, modules: Iterable[str]) -> list[_Change]:
    """Libraries that the recorded run had in another version, the riskiest first."""
    found = []
    for module in sorted(modules):
        before, now = recorded_version(case, module), used_version(case, module)
        if before is not None and now is not None and before != now:
            found.append(_Change(module, before, now))
    before, now = recorded_python(case), used_version(case, "python")
    if before is not None and now is not None and before.split(".")[:2] != now.split(".")[:2]:
        found.append(_Change("Python", before, now))
    return sorted(found, key=lambda change: not change.is_major)


def _then(changes: Sequence[_Change]) -> str:
    return ", ".join(f"{change.library} {change.before}" for change in changes[:_MOST_SHOWN])


def _now(changes: Sequence[_Change]) -> str:
    return ", ".join(change.now for change in changes[:_MOST_SHOWN])


def _fix(changes: Sequence[_Change]) -> str:
    pins = " ".join(
        f"{distribution_of(change.library)}=={change.before}"
        for change in changes
        if change.library != "Python"
    )
    install = f"`pip install {pins}` brings the saved outputs back; or r" if pins else "R"
    return f"{install}un it again with the versions of now, and save it."


def _cause(cell: int, grade: Grade, evidence: str, fix: str, origin: Origin | None = None) -> Cause:
    return Cause(
        cell=cell,
        factor="environment",
        grade=grade,
        evidence=evidence,
        fix=fix,
        origin=origin,
        floating=False,
    )
