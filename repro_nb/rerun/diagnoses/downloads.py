"""Files that a command of the notebook should have downloaded, and did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause
from repro_nb.rerun.diagnoses.outages import outage_in_output
from repro_nb.rerun.diagnoses.shell import NETWORK_COMMAND, shell_lines
from repro_nb.rerun.diagnoses.told_in_output import lacking_program, program_fix
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.diagnoses.file_makers import Maker
    from repro_nb.rerun.result import Cause

__all__ = ["lost_downloads", "not_downloaded"]

_KEEP = "Keep the file with the notebook, or download it before the run."


def not_downloaded(case: Case, path: str, maker: Maker) -> Cause | None:
    """The cause where the line that should download the file got nothing."""
    line = f"line {maker.line.line} of cell {maker.line.cell}"
    if maker.commented or maker.line.cell >= _failing(case):
        return None
    program = lacking_program(case, maker.line.cell)
    if program is not None and program in maker.line.code:
        evidence = f"{path} does not exist: {line} should download it with {program}, which is not installed."
        return failure_cause(case, "missing-file", evidence, program_fix(program), maker.line)
    outputs = case.run.outputs[maker.line.cell]
    if outputs is not None and outage_in_output(outputs) is not None:
        evidence = (
            f"{path} does not exist: {line} should download it, and did not reach the network."
        )
        return failure_cause(case, "network", evidence, _KEEP, maker.line)
    if outputs is None or not NETWORK_COMMAND.search(maker.line.code):
        return None
    evidence = f"{path} does not exist: {line} should download it, and got nothing in this run."
    return failure_cause(case, "network", evidence, _KEEP, maker.line, Grade.SUSPECTED)


def _failing(case: Case) -> int:
    failure = case.run.failure
    return len(case.cells) if failure is None or failure.cell is None else failure.cell


def lost_downloads(case: Case, before: int) -> list[str]:
    """Of earlier commands that download, the last that did not come through: it may have brought the file."""
    for cell in reversed(range(before)):
        outputs = case.run.outputs[cell] or []
        lost = outage_in_output(outputs) is not None or lacking_program(case, cell) is not None
        for line in shell_lines(case, cell):
            if lost and NETWORK_COMMAND.search(line.code) and "install" not in line.code:
                return [f"Line {line.line} of cell {cell} may bring it, and failed in this run."]
    return []
