"""Failures that the notebook was saved with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import first_line

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["fails_as_saved"]


def fails_as_saved(case: Case) -> bool:
    """Whether the failing cell was saved with an error of the same type and the same first line."""
    failure = case.run.failure
    if failure is None or failure.cell is None:
        return False
    return any(
        output.get("output_type") == "error"
        and output.get("ename") == failure.type
        and first_line(str(output.get("evalue", ""))) == first_line(failure.message)
        for output in case.cells[failure.cell].outputs
    )
