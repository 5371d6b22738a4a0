"""A kernel whose process ended while a cell ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause

__all__ = ["KernelDeath"]

_ENDS = (
    r"\bos\._exit\s*\(",
    r"\bos\.abort\s*\(",
    r"\bos\.kill(?:pg)?\s*\(",
    r"\bfaulthandler\._\w+\s*\(",
    r"\bctypes\.\w+\s*\(",
    r"\.do_shutdown\s*\(",
    r"\.kernel\.restart\s*\(",
    r"^\s*!\s*(?:kill|pkill)\b",
)
"""Calls by which a process ends itself, the surest first."""


@dataclass(frozen=True)
class KernelDeath:
    """Kernels that end their process."""

    name: str = "kernel-death"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a kernel's death, as far as its exit status and the cell's source tell."""
        failure = case.failure
        if failure is None or failure.cell is None or failure.type != "KernelDiedError":
            return ()
        cell = failure.cell
        origin = next(filter(None, (line_with(case, cell, pattern) for pattern in _ENDS)), None)
        how = first_line(failure.message).removeprefix("the kernel died in this cell: ")
        evidence = f"While cell {cell} ran, the kernel died: {how}."
        return [
            failure_cause(
                case, "kernel-death", evidence, _fix(how, known=origin is not None), origin
            )
        ]


def _fix(how: str, *, known: bool) -> str:
    if known:
        return "Take out the line that ends the process, or run it in a child process."
    if "memory" in how:
        return "Let the cell need less memory: read the data in parts, use smaller types, free what is done with."
    if "SIGSEGV" in how or "SIGBUS" in how or "SIGABRT" in how or "SIGILL" in how:
        return "A compiled library crashed: install builds that fit one another, and try its call alone."
    return "Run the cell's lines one by one to find the one that ends the process."
