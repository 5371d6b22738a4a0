"""The wall clock, and the timers that count from no epoch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Optional

from repro_nb.imports import ImportWatch
from repro_nb.probe.factors.clock_datetime import date_logging, wrap_datetime, wrap_uuid
from repro_nb.probe.factors.clock_reader import ClockReader
from repro_nb.probe.factors.clock_time import wrap_time
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.timeit_loops import wrap_timeit
from repro_nb.probe.factors.virtual_clock import ClockPlan, VirtualClock
from repro_nb.probe.factors.vocabulary import mentions

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["PLANS", "Clock"]

_SECOND = 10**9
_MILLISECOND = 10**6

# Pinned first, then one for each round. They differ in year, month, weekday, hour, minute and second, and their seconds
# leave other remainders by every number up to ten: what is made of them differs, too. A minute for each cell is kept.
PLANS = (
    ClockPlan(  # 2024-01-15 12:00:00.25, a Monday
        start=1_705_320_000_250 * _MILLISECOND,
        uptime=4_321_500 * _MILLISECOND,
        step=_MILLISECOND,
        growth=1.25,
        longest=_SECOND,
        rested=_MILLISECOND,
        loop=250 * _MILLISECOND,
    ),
    ClockPlan(  # 2025-08-30 19:37:37.618, a Saturday
        start=1_756_582_657_618 * _MILLISECOND,
        uptime=98_765_437 * _MILLISECOND,
        step=1_700 * _MILLISECOND,
        growth=1.0,
        longest=1_700 * _MILLISECOND,
        rested=3 * _MILLISECOND,
        loop=30 * _MILLISECOND,
    ),
    ClockPlan(  # 2026-11-04 08:14:37.931, a Wednesday
        start=1_793_780_077_931 * _MILLISECOND,
        uptime=7_654_871 * _MILLISECOND,
        step=230 * _MILLISECOND,
        growth=1.1,
        longest=2_300 * _MILLISECOND,
        rested=5 * _MILLISECOND,
        loop=310 * _MILLISECOND,
    ),
    ClockPlan(  # 2027-06-20 03:52:31.473, a Sunday
        start=1_813_463_551_473 * _MILLISECOND,
        uptime=654_321_159 * _MILLISECOND,
        step=57 * _MILLISECOND,
        growth=1.5,
        longest=3_100 * _MILLISECOND,
        rested=2 * _MILLISECOND,
        loop=47 * _MILLISECOND,
    ),
)
# What reads the clock where no watch sees it.
_UNSEEN = (
    r"datetime64\(\s*['\"](?:now|today)|get[mca]time|st_[mca]time|!\s*date\b|%%?(?:timeit|prun)\b"
)
_SEEDING = ("seed", "default_rng", "random_state", "RandomState", "Random(", "PRNGKey", "key(")
_DATES = ("now", "today", "ctime", "asctime", "strftime", "localtime", "gmtime", "utc", "date")


class Clock:
    """``time``, ``datetime`` and all that reads them: for the user's code there can be a clock that goes by reading.

    What waits for others (threads, queues, sockets, event loops) has the true time always, and so has the kernel.
    Clocks that are read in compiled code, the times of files, and child processes that are not forked are out of
    reach.
    """

    name = "clock"
    floating = True
    wording = "the clock, and how long things take"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """A clock that starts at noon of one day."""
        return _setting(0)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """One that starts on another day, and goes faster."""
        return _setting(1 + round_ % (len(PLANS) - 1))

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Wrap every function that tells the time to Python code."""
        clock = None if held is None else VirtualClock(PLANS[int(held)])
        reader = ClockReader(uses, clock)
        imports = ImportWatch()
        if clock is not None:
            uses.when_begun(clock.begin_cell)
            imports.when_imported("logging", partial(date_logging, clock))
        wrap_time(reader)
        wrap_timeit(uses, clock, imports)
        imports.when_imported("uuid", partial(wrap_uuid, reader))
        imports.install()
        wrap_datetime(reader)  # last, as an interpreter may refuse it

    def is_active(self, traces: Traces) -> bool:
        """Whether a line of the user's read the clock, or looks as if it did."""
        return bool(traces.uses_of(self.name)) or mentions(traces, _UNSEEN)

    def remedy(self, code: str) -> str:
        """Do without the clock."""
        what = f"`{code}`" if code else "what reads the clock"
        if any(word in code for word in _SEEDING):
            return f"seed {what} with a constant, such as 42, in place of the clock"
        if any(word in code for word in _DATES):
            return f"take the date of {what} from a parameter, a constant in the first cell, or leave it out"
        return (
            f"leave the time that {what} measures out of the output, or give it a parameter's value"
        )


def _setting(number: int) -> Setting:
    return Setting(PLANS[number].label, held=str(number))
