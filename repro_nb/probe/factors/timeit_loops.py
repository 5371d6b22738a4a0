"""``timeit`` under a clock that goes by being read, which would have it calibrate itself for hours."""

from __future__ import annotations

import functools
import time
import timeit
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple

if TYPE_CHECKING:
    from repro_nb.imports import ImportWatch
    from repro_nb.probe.factors.uses import Uses
    from repro_nb.probe.factors.virtual_clock import VirtualClock

__all__ = ["wrap_timeit"]

_FACTOR = "clock"
_SECOND = 10**9
# What takes longer, in seconds, is not to be repeated for a calibration that is none.
_LONG = 0.01
_LONG_LOOP = 0.3
_NUMBER = 1_000_000  # as `timeit` has it


def wrap_timeit(uses: Uses, clock: Optional[VirtualClock], imports: ImportWatch) -> None:
    """Note who measures by ``timeit`` or ``%timeit``, and let every loop take the same time by `clock`.

    Args:
        uses: Where it is noted.
        clock: Goes on by what the loops take; None to measure the true time.
        imports: Tells when IPython's magic is there, whose timer is a class of its own.
    """
    true_timer = timeit.default_timer
    # `from timeit import default_timer` is a usual way to come by a timer.
    timeit.default_timer = time.perf_counter
    timers = (true_timer, time.perf_counter, time.time)

    def wrap(module: Any) -> None:
        timer = module.Timer
        timer.timeit = _wrapped(timer.timeit, uses, clock, timers)

    wrap(timeit)
    imports.when_imported("IPython.core.magics.execution", wrap)


def _wrapped(
    original: Callable[..., float],
    uses: Uses,
    clock: Optional[VirtualClock],
    timers: Tuple[Any, ...],
) -> Callable[..., float]:
    true_timer = timers[0]

    @functools.wraps(original)
    def measured(self: Any, number: int = _NUMBER) -> float:
        place = uses.place(through_kernel=True)
        if place is not None:
            uses.note(_FACTOR, "timeit", place)
        if clock is None or place is None or self.timer not in timers:
            return original(self, number)
        began = true_timer()
        original(self, number)
        loop = clock.plan.loop / _SECOND
        if true_timer() - began > _LONG * number:
            loop = max(loop, _LONG_LOOP)
        clock.work(int(number * loop * _SECOND))
        return number * loop

    return measured
