"""A cell that is no Python, and was saved with the output of a run that went well: its text was another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.diagnoses.causing import failure_cause
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.history_of_runs import was_run
from repro_nb.rerun.diagnoses.plain_words import SYNTAX, where_it_does_not_parse
from repro_nb.rerun.diagnoses.python_two import names_python_two
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["Unparsable"]


@dataclass(frozen=True)
class Unparsable:
    """SyntaxErrors in a cell whose saved outputs are no error's."""

    name: str = "stale-source"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The text as what is suspected to have changed since."""
        failure = case.failure
        if failure is None or failure.cell is None or failure.type not in SYNTAX:
            return ()
        source = case.cells[failure.cell].source
        if parse_cell(source) is not None or names_python_two(case):
            return ()
        if not (case.cells[failure.cell].outputs and was_run(case, failure.cell)):
            return ()
        evidence = (
            f"{where_it_does_not_parse(case, failure)}. It was saved with the output of a run that went well,"
            " which another text must have given."
        )
        fix = "Correct the line, or bring the older text back; then save the notebook after a run."
        return [
            failure_cause(case, self.name, evidence, fix, failure_origin(case), Grade.SUSPECTED)
        ]
