"""Failures in a notebook of other times: it went well with another Python, and so with other packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line
from repro_nb.rerun.diagnoses.elimination import saved_python
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.history_of_runs import was_run
from repro_nb.rerun.diagnoses.names import imported_by, upstream
from repro_nb.rerun.diagnoses.saved_errors import fails_as_saved
from repro_nb.rerun.diagnoses.versions import is_third_party, used_version
from repro_nb.rerun.result import Grade

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure

__all__ = ["OtherTimes"]

_OF_VERSIONS = frozenset({"AttributeError", "ImportError", "TypeError"})
_MOST_SHOWN = 6


@dataclass(frozen=True)
class OtherTimes:
    """Failures in or at the border of libraries, where nothing better is known."""

    name: str = "environment"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The environment as what is suspected."""
        failure = case.failure
        if (
            failure is None
            or failure.cell is None
            or failure.exit_code != 1
            or fails_as_saved(case)
        ):
            return ()
        before, now = saved_python(case), used_version(case, "python")
        if before is None or now is None or before.split(".") == now.split(".")[:2]:
            return ()
        evidence = _evidence(case, failure, failure.cell, before, now)
        if evidence is None:
            return ()
        fix = f"Run it with Python {before} and packages of that time, kept in a lock file; or bring it up to date."
        return [
            failure_cause(case, self.name, evidence, fix, failure_origin(case), Grade.SUSPECTED)
        ]


def _evidence(case: Case, failure: Failure, cell: int, before: str, now: str) -> str | None:
    raised = f"{failure.type}: {first_line(failure.message)}".rstrip(": ")
    then = f"The notebook was saved with Python {before} and ran with {now} now"
    if before.startswith("2.") and failure.type == "TypeError":
        return f"{then}, where divisions, texts and iterators are others. It raised {raised}"
    modules = imported_by(case.cells, (*upstream(case.cells, cell), cell))
    libraries = sorted(module for module in modules if is_third_party(module))
    in_library = "-packages" in failure.traceback or failure.type in _OF_VERSIONS
    if not libraries or not in_library or not was_run(case, cell):
        return None
    listed = ", ".join(libraries[:_MOST_SHOWN])
    return (
        f"{then}, and so with other versions of what the cell uses: {listed}. It went well then,"
        f" and raised {raised} now. Which version made the difference, nothing tells."
    )
