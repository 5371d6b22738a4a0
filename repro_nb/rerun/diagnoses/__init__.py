"""What no experiment with pins can tell: why a notebook fails, or no longer gives its saved outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.diagnosis import Case, Diagnosis, Rerun

if TYPE_CHECKING:
    from repro_nb.rerun.result import Cause

__all__ = ["Case", "Diagnosis", "Rerun", "diagnose"]


async def diagnose(case: Case) -> tuple[Cause, ...]:
    """Ask every diagnosis in turn, and call unexplained what none of them explains.

    Returns:
        The causes, by cell.
    """
    # Late, since the diagnoses read names by `repro_nb.rerun.dataflow`, which reads cells by this package.
    from repro_nb.rerun.diagnoses.registry import ask_all  # noqa: PLC0415

    return await ask_all(case)
