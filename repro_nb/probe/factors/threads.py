"""How many threads numerical libraries use."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, List, Optional, Tuple

from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.standin import StandIn

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["THREAD_VARIABLES", "Threads"]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_PINNED = 2
# One thread shows most: it adds up in order, and nothing races.
_OTHERS = (1, 3, 4, 5)


class Threads:
    """Thread counts by variable, and by the processors that the kernel may use: XLA follows these alone.

    The reference has two threads: one would hide races.
    """

    name = "threads"
    floating = False
    wording = "the number of threads that libraries use"

    def pin(self, host: Host) -> Setting:
        """Two threads."""
        return _setting(_PINNED, host.slot)

    def vary(self, host: Host, round_: int) -> Setting:
        """One thread on one processor, unless a plain run has just that; three and four in the rounds after."""
        usual = os.environ.get("OMP_NUM_THREADS") or str(len(_processors()) or os.cpu_count())
        others = [count for count in _OTHERS if str(count) != usual]
        return _setting(others[round_ % len(others)], host.slot)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Note who asks for the number of processors, and tell the number of threads; libraries read the variables."""
        original = os.cpu_count

        def cpu_count() -> Optional[int]:
            place = uses.place()
            if place is None or place.importing:
                return original()
            uses.note(self.name, "os.cpu_count", place)
            return original() if held is None else int(held)

        os.cpu_count = StandIn(original, cpu_count, "os")

    def is_active(self, traces: Traces) -> bool:  # noqa: ARG002 - any library may use threads
        """Always."""
        return True

    def remedy(self, code: str) -> str:
        """Round, or limit the threads."""
        if "cpu_count" in code:
            return "give the number of workers as a constant, or compute what does not depend on it"
        what = f"`{code}`" if code else "what is computed"
        return (
            f"round {what} to the digits that hold, or run the cell with one thread "
            "(`%%deterministic --threads 1`)"
        )


def _setting(count: int, slot: int) -> Setting:
    environment = dict.fromkeys(THREAD_VARIABLES, str(count))
    processors = _processors()
    prefix: Tuple[str, ...] = ()
    if len(processors) > count and shutil.which("taskset"):
        # Runs side by side take their own, as far as there are enough.
        chosen = [processors[(slot * count + each) % len(processors)] for each in range(count)]
        prefix = ("taskset", "--cpu-list", ",".join(map(str, chosen)))
    return Setting(str(count), environment=environment, prefix=prefix, held=str(count))


def _processors() -> List[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
