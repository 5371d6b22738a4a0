"""Failures that no factor of the contract stands for, and that can be put into plain words all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.result import UNEXPLAINED

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["InWords"]


@dataclass(frozen=True)
class InWords:
    """Cells that wait for input, or ask for an environment variable: unexplained, with a word of their own."""

    name: str = UNEXPLAINED

    async def causes(self, case: Case) -> Sequence[Cause]:
        """Say what such a failure means for a rerun."""
        failure = case.failure
        if failure is None or failure.cell is None:
            return ()
        if failure.type == "StdinNotImplementedError":
            return [_asks(case, failure.cell)]
        origin = failure_origin(case)
        if failure.type == "KeyError" and origin is not None and "environ[" in origin.code:
            variable = failure.message.strip("'\"")
            evidence = f"The environment variable {variable} is not set here."
            fix = f"Set {variable} before the run, or give it a default: `os.environ.get({variable!r}, …)`."
            return [failure_cause(case, UNEXPLAINED, evidence, fix, origin)]
        return ()


def _asks(case: Case, cell: int) -> Cause:
    origin = failure_origin(case) or line_with(case, cell, r"\b(?:input|getpass)\s*\(")
    evidence = "The cell asks its reader for input, and in a rerun nobody answers."
    fix = "Bind the answer to a name instead, or read it from an environment variable or a file."
    return failure_cause(case, UNEXPLAINED, evidence, fix, origin)
