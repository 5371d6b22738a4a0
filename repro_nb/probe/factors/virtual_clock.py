"""A clock that goes on by being read and by sleeping, so that it shows the same in every run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timezone

from repro_nb.probe.factors.forks import Forks

__all__ = ["ClockPlan", "VirtualClock"]

_SECOND = 10**9
_MICROSECOND = 10**3
_CELL = 60 * _SECOND
_LATE = 3600 * _SECOND


@dataclass(frozen=True)
class ClockPlan:
    """How a virtual clock goes. All durations are in nanoseconds, and multiples of a microsecond.

    Attributes:
        start: When the session begins, since 1970-01-01T00:00Z.
        uptime: What counters that have no epoch show then.
        step: By how much the first reading in a cell moves the clock.
        growth: By what each further reading's step is larger, so that a loop that waits for time to pass ends.
        longest: The longest step.
        rested: The step of a reading that follows upon a sleep, or that a library makes.
        loop: What one loop of ``timeit`` takes.
    """

    start: int
    uptime: int
    step: int
    growth: float
    longest: int
    rested: int
    loop: int

    @property
    def label(self) -> str:
        """The start as reports show it."""
        return datetime.fromtimestamp(self.start / _SECOND, tz=timezone.utc).isoformat()


class VirtualClock:
    """A clock for the user's code. Safe in threads; a forked child goes on from where it was.

    Args:
        plan: How it goes.
    """

    def __init__(self, plan: ClockPlan) -> None:
        self.plan = plan
        self._now = plan.start
        self._busy = plan.uptime
        self._next = float(plan.step)
        self._cells = 0
        self._lock = threading.Lock()
        Forks().watch(in_child=self._unlock)

    def begin_cell(self) -> None:
        """Go to the minute that is the next cell's own, so that it does not follow from what earlier ones read."""
        with self._lock:
            self._cells += 1
            self._next = float(self.plan.step)
            minute = self.plan.start + self._cells * _CELL
            if minute <= self._now:  # earlier cells took long
                minute += -(-(self._now - minute + 1) // _LATE) * _LATE
            self._now = minute

    def read(self) -> int:
        """The time now, in nanoseconds since 1970; no two readings are equal."""
        with self._lock:
            step = _whole(self._next)
            self._next = min(
                max(self._next, self.plan.step) * self.plan.growth, float(self.plan.longest)
            )
            self._now += step
            self._busy += step
            return self._now

    def hurry(self) -> None:
        """Make the next step a short one."""
        with self._lock:
            self._next = float(self.plan.rested)

    def uptime(self) -> int:
        """The time now, for counters without an epoch."""
        return self.read() - self.plan.start + self.plan.uptime

    def busy(self) -> int:
        """Processor time: all that passed but sleep."""
        self.read()
        return self._busy

    def sleep(self, duration: int) -> None:
        """`duration` nanoseconds passed in sleep."""
        with self._lock:
            self._now += _whole(duration)
            self._next = float(self.plan.rested)

    def work(self, duration: int) -> None:
        """`duration` nanoseconds passed at work."""
        with self._lock:
            self._now += _whole(duration)
            self._busy += _whole(duration)

    def _unlock(self) -> None:
        # Another thread may have held it while this process was forked off.
        self._lock = threading.Lock()


def _whole(duration: float) -> int:
    """Whole microseconds, which floating point and ``datetime`` show without rounding."""
    return max(int(duration) // _MICROSECOND, 0) * _MICROSECOND
