"""Failures that no factor of the contract stands for, and that can be put into plain words all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.result import UNEXPLAINED, Cause, Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["InWords"]


_BLANK = r"(?:=|\(|,|\[)\s*_{3,}\s*(?:$|[)#,\]])"


@dataclass(frozen=True)
class InWords:
    """Cells that wait for input, for a variable of the environment or for a blank to be filled in."""

    name: str = UNEXPLAINED

    async def causes(self, case: Case) -> Sequence[Cause]:
        """Say what such a failure, or such a difference, means for a rerun."""
        blanks = (_blank(case, cell) for cell in case.divergent)
        return [*_failed(case), *filter(None, blanks)]


def _failed(case: Case) -> Iterator[Cause]:
    failure = case.failure
    if failure is None or failure.cell is None:
        return
    if failure.type == "StdinNotImplementedError":
        yield _asks(case, failure.cell)
    origin = failure_origin(case)
    if failure.type == "KeyError" and origin is not None and "environ[" in origin.code:
        variable = failure.message.strip("'\"")
        evidence = f"The environment variable {variable} is not set here."
        fix = f"Set {variable} before the run, or give it a default: `os.environ.get({variable!r}, …)`."
        yield failure_cause(case, UNEXPLAINED, evidence, fix, origin)


def _blank(case: Case, cell: int) -> Cause | None:
    """A cell of an exercise: underscores stand where the reader should write, and are an older output's name."""
    line = line_with(case, cell, _BLANK)
    if line is None:
        return None
    return Cause(
        cell=cell,
        factor=UNEXPLAINED,
        grade=Grade.OBSERVED,
        evidence="The cell has a blank to fill in, as exercises do: to IPython it is the name of an older output.",
        fix="Fill it in, or give the cell the tag nbval-skip.",
        origin=line,
        floating=False,
    )


def _asks(case: Case, cell: int) -> Cause:
    origin = failure_origin(case) or line_with(case, cell, r"\b(?:input|getpass)\s*\(")
    evidence = "The cell asks its reader for input, and in a rerun nobody answers."
    fix = "Bind the answer to a name instead, or read it from an environment variable or a file."
    return failure_cause(case, UNEXPLAINED, evidence, fix, origin)
