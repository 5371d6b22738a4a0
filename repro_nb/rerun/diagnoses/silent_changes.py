"""Code that runs as before and gives something else with a newer library: dated table, ``silent_changes.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import Advice, line_with
from repro_nb.rerun.diagnoses.display_changes import text_of
from repro_nb.rerun.diagnoses.versions import at_least, used_version
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Origin

__all__ = ["SilentChange", "silent_change"]


@dataclass(frozen=True, kw_only=True)
class SilentChange:
    """A change in what the same code does.

    Attributes:
        library: The library's top-level module.
        version: The first version with it.
        what: What changed, as a clause.
        code: What a line of such code is recognised by.
        warning: What the library prints where it sees such code; None where it says nothing.
        instead: What to write.
        alone: Whether the line tells by itself; else the library must have warned of it.
    """

    library: str
    version: str
    what: str
    code: re.Pattern[str]
    warning: str | None
    instead: str
    alone: bool


def silent_change(
    case: Case, cells: Collection[int], libraries: Collection[str]
) -> tuple[Advice, Grade, Origin] | None:
    """What a line of one of `cells` does otherwise with the library in use; None for nothing that is known.

    It is observed where the library itself warns of that line in this run, else suspected.

    Args:
        case: The case.
        cells: Indices of code cells.
        libraries: Top-level modules that they use.
    """
    for change in _changes():
        version = used_version(case, change.library)
        if change.library in libraries and version and at_least(version, change.version):
            for cell in cells:
                line = line_with(case, cell, change.code.pattern)
                warned = _has_warned(case, change, cell)
                if line is not None and (change.alone or warned):
                    return (*_told(change, version, line, warned=warned), line)
    return None


def _has_warned(case: Case, change: SilentChange, cell: int) -> bool:
    printed = text_of(case.run.outputs[cell] or [])
    return change.warning is not None and change.warning in printed


def _told(
    change: SilentChange, version: str, line: Origin, *, warned: bool
) -> tuple[Advice, Grade]:
    title = f"{change.library} {change.version}"
    evidence = (
        f"Since {title} {change.what}: line {line.line} of cell {line.cell} does something else with it than with"
        f" an older one. This run had {version}"
    )
    fix = f"Use {change.instead}; or install {change.library} older than {change.version}."
    if warned:
        return Advice(f"{evidence}, and it warns of that: {change.warning}.", fix), Grade.OBSERVED
    return Advice(f"{evidence}.", fix), Grade.SUSPECTED


@cache
def _changes() -> tuple[SilentChange, ...]:
    text = files("repro_nb.rerun.diagnoses").joinpath("silent_changes.toml").read_text("utf-8")
    return tuple(
        SilentChange(**{"warning": None, "alone": True, **entry, "code": re.compile(entry["code"])})
        for entry in tomllib.loads(text)["changes"]
    )
