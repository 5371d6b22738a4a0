"""A cell that ran longer than it may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["TimeOut"]

_WAITS = (
    (r"^\s*while\s+(?:True|1)\s*:", "loops without an end of its own"),
    (r"\b(?:input|getpass)\s*\(", "waits for an answer that nobody gives"),
    (r"\.(?:serve_forever|run_forever|mainloop|start_consuming|accept|join|wait)\s*\(", "waits"),
    (r"\bsleep\s*\(", "sleeps"),
    (r"\b(?:app|socketio|server)\.(?:run|run_server|launch)\s*\(", "starts a server"),
    (r"\.(?:fit|fit_generator|train|fit_transform|learn)\s*\(", "trains a model"),
    (r"\b(?:GridSearchCV|RandomizedSearchCV|cross_val_score)\s*\(", "trains many models"),
)


@dataclass(frozen=True)
class TimeOut:
    """Cells that were ended by their limit."""

    name: str = "time-out"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a run that was ended by its limit."""
        failure = case.failure
        if failure is None or failure.cell is None or failure.type != "CellTimeoutError":
            return ()
        evidence = f"In cell {failure.cell}: {first_line(failure.message)}."
        found = _waiting(case, failure.cell)
        if found is not None:
            evidence += f" Its line {found[0]} {found[1]}, which may be what takes the time."
        fix = "Give it more time with --timeout, or let the cell do less: fewer rounds, less data."
        return [failure_cause(case, "time-out", evidence, fix, None)]


def _waiting(case: Case, cell: int) -> tuple[int, str] | None:
    for pattern, what in _WAITS:
        line = line_with(case, cell, pattern)
        if line is not None and not re.match(r"\s*#", line.code):
            return line.line, what
    return None
