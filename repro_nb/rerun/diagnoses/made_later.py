"""A column or an attribute that only a later cell makes: hidden state, read from the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause
from repro_nb.rerun.diagnoses.key_makers import asked_keys, key_maker
from repro_nb.rerun.diagnoses.saved_errors import fails_as_saved
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["MadeLater"]


@dataclass(frozen=True)
class MadeLater:
    """KeyErrors and AttributeErrors where no run in the recorded order could tell."""

    name: str = "cell-order"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The later line that makes what is missing, as what is suspected."""
        failure = case.failure
        if failure is None or failure.cell is None or fails_as_saved(case):
            return ()
        made = key_maker(case, asked_keys(failure), failure.cell)
        if made is None:
            return ()
        key, line = made
        evidence = f"{key!r} is made only in a later cell: by line {line.line} of cell {line.cell}."
        fix = f"Move cell {line.cell} above cell {failure.cell}."
        return [failure_cause(case, self.name, evidence, fix, line, Grade.SUSPECTED)]
