"""All diagnoses, in the order in which they are asked: what proves comes before what guesses."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import cells_named, failure_cause, first_line
from repro_nb.rerun.diagnoses.cell_order import CellOrder
from repro_nb.rerun.diagnoses.environment import EnvironmentChange
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.in_words import InWords
from repro_nb.rerun.diagnoses.kernel_death import KernelDeath
from repro_nb.rerun.diagnoses.made_later import MadeLater
from repro_nb.rerun.diagnoses.missing_file import MissingFile
from repro_nb.rerun.diagnoses.missing_module import MissingModule
from repro_nb.rerun.diagnoses.missing_name import MissingName
from repro_nb.rerun.diagnoses.network import Network, NetworkUpstream
from repro_nb.rerun.diagnoses.other_times import OtherTimes
from repro_nb.rerun.diagnoses.plain_words import IF_MEANT, in_plain_words
from repro_nb.rerun.diagnoses.python_two import PythonTwo
from repro_nb.rerun.diagnoses.removed_api import RemovedApi
from repro_nb.rerun.diagnoses.saved_errors import fails_as_saved
from repro_nb.rerun.diagnoses.stale_source import StaleSource
from repro_nb.rerun.diagnoses.time_out import TimeOut
from repro_nb.rerun.diagnoses.told_in_output import ToldInOutput
from repro_nb.rerun.diagnoses.unparsable import Unparsable
from repro_nb.rerun.result import UNEXPLAINED, Cause, Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case, Diagnosis

__all__ = ["DIAGNOSES", "diagnose"]

DIAGNOSES: tuple[Diagnosis, ...] = (
    TimeOut(),
    KernelDeath(),
    InWords(),
    CellOrder(),
    StaleSource(),
    ToldInOutput(),
    Network(),
    PythonTwo(),
    RemovedApi(),
    MissingModule(),
    MissingFile(),
    MissingName(),
    MadeLater(),
    Unparsable(),
    EnvironmentChange(),
    OtherTimes(),
    NetworkUpstream(),
)


async def diagnose(case: Case, diagnoses: Sequence[Diagnosis] = DIAGNOSES) -> tuple[Cause, ...]:
    """Ask each diagnosis of what those before it left open; what all leave open is called unexplained.

    Returns:
        The causes, by cell.
    """
    causes: list[Cause] = []
    faults: list[str] = []
    for diagnosis in diagnoses:
        if not case.is_open:
            break
        try:
            found = await diagnosis.causes(case)
        except Exception as error:  # noqa: BLE001  a fault of one diagnosis is told, and takes no other's answer away
            faults.append(_fault(diagnosis, error))
            continue
        causes += found
        case = case.without({cell for cause in found for cell in (cause.cell, *cause.inherited_by)})
    causes = [*_as_saved(case, causes), *_unexplained(case, faults)]
    return tuple(sorted(causes, key=lambda cause: cause.cell))


def _fault(diagnosis: Diagnosis, error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{place.name}, line {place.lineno}"
    return f" The diagnosis {diagnosis.name} failed: {type(error).__name__} in {where}: {first_line(str(error))}."


def _unexplained(case: Case, faults: Sequence[str]) -> Iterator[Cause]:
    failure = case.failure
    if failure is not None and failure.cell is not None:
        told = in_plain_words(case, failure)
        evidence = f"{told.evidence}{''.join(faults)}"
        yield failure_cause(case, UNEXPLAINED, evidence, told.fix, failure_origin(case))
    if case.divergent:
        first, *later = case.divergent
        evidence = "Fresh runs agree with one another, and do not give the saved output."
        if later:
            evidence += f" The same is true of {cells_named(later)}."
        yield Cause(
            cell=first,
            factor=UNEXPLAINED,
            grade=Grade.OBSERVED,
            evidence=f"{evidence}{''.join(faults)}",
            floating=False,
        )


def _as_saved(case: Case, causes: Sequence[Cause]) -> list[Cause]:
    """Say of a failure that the notebook was saved with it: it may be meant."""
    failure = case.run.failure
    if failure is None or not fails_as_saved(case):
        return list(causes)
    return [
        replace(
            cause,
            evidence=f"{cause.evidence} The cell was saved with the same error.",
            fix=f"{cause.fix} {IF_MEANT}".strip(),
        )
        if cause.cell == failure.cell
        else cause
        for cause in causes
    ]
