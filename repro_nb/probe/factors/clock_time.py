"""The functions of ``time``, as they are for the user's code."""

from __future__ import annotations

import errno
import functools
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from repro_nb.probe.factors.clock_reader import SECOND, ClockReader
from repro_nb.probe.factors.standin import StandIn
from repro_nb.probe.factors.virtual_clock import VirtualClock

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["wrap_time"]

_Read = Callable[[VirtualClock], int]

_READINGS: Dict[str, _Read] = {
    "time": VirtualClock.read,
    "monotonic": VirtualClock.uptime,
    "perf_counter": VirtualClock.uptime,
    "process_time": VirtualClock.busy,
    "thread_time": VirtualClock.busy,
}
_CLOCKS: Dict[str, _Read] = {
    "CLOCK_REALTIME": VirtualClock.read,
    "CLOCK_REALTIME_COARSE": VirtualClock.read,
    "CLOCK_TAI": VirtualClock.read,
    "CLOCK_MONOTONIC": VirtualClock.uptime,
    "CLOCK_MONOTONIC_COARSE": VirtualClock.uptime,
    "CLOCK_MONOTONIC_RAW": VirtualClock.uptime,
    "CLOCK_BOOTTIME": VirtualClock.uptime,
    "CLOCK_UPTIME": VirtualClock.uptime,
    "CLOCK_UPTIME_RAW": VirtualClock.uptime,
    "CLOCK_HIGHRES": VirtualClock.uptime,
    "CLOCK_PROCESS_CPUTIME_ID": VirtualClock.busy,
    "CLOCK_THREAD_CPUTIME_ID": VirtualClock.busy,
    "CLOCK_PROF": VirtualClock.busy,
}


def wrap_time(reader: ClockReader) -> None:
    """Put a wrap around every function of ``time`` that reads the clock, or waits."""
    wraps = _Wraps(reader)
    for name, read in _READINGS.items():
        _wrap(name, wraps.reading, f"time.{name}", read, SECOND)
        _wrap(f"{name}_ns", wraps.reading, f"time.{name}_ns", read, None)
    for name, unit in (("clock_gettime", SECOND), ("clock_gettime_ns", None)):
        _wrap(name, wraps.by_id, f"time.{name}", unit)
    for name in ("localtime", "gmtime", "ctime"):
        _wrap(name, wraps.calendar, f"time.{name}")
    true_localtime = time.localtime.__wrapped__  # type: ignore[attr-defined]  # it was wrapped just now
    for name, count in (("asctime", 0), ("strftime", 1)):
        _wrap(name, wraps.formatted, f"time.{name}", count, true_localtime)
    _wrap("sleep", wraps.sleep)
    for name in ("clock_settime", "clock_settime_ns"):
        _wrap(name, wraps.refused)


def _wrap(name: str, call: Callable[..., Any], *bound: Any) -> None:
    original = getattr(time, name, None)
    if original is not None:
        setattr(time, name, StandIn(original, functools.partial(call, *bound, original), "time"))


class _Wraps:
    """What is called in place of each function, which stands last among the bound arguments."""

    def __init__(self, reader: ClockReader) -> None:
        self._reader = reader
        self._by_id = {
            getattr(time, name): read for name, read in _CLOCKS.items() if hasattr(time, name)
        }

    def reading(
        self, name: str, read: _Read, unit: Optional[int], original: Any, *given: Any, **named: Any
    ) -> Any:
        """A function without arguments that gives the time in `unit` nanoseconds, or a whole number of them."""
        clock = None if given or named else self._reader.asked(name, _caller())
        if clock is None:
            return original(*given, **named)
        return read(clock) if unit is None else read(clock) / unit

    def by_id(self, name: str, unit: Optional[int], original: Any, *given: Any) -> Any:
        """``clock_gettime``, which refuses what is no clock."""
        true = original(*given)
        read = self._by_id.get(given[0])
        clock = None if read is None else self._reader.asked(name, _caller())
        if clock is None or read is None:
            return true
        return read(clock) if unit is None else read(clock) / unit

    def calendar(self, name: str, original: Any, *given: Any, **named: Any) -> Any:
        """``localtime`` and its like: of now, where no time is given."""
        of_now = not named and given in ((), (None,))
        clock = self._reader.asked(name, _caller()) if of_now else None
        if clock is None:
            return original(*given, **named)
        return original(clock.read() / SECOND)

    def formatted(
        self, name: str, count: int, localtime: Any, original: Any, *given: Any, **named: Any
    ) -> Any:
        """``asctime`` and ``strftime``: of now, where `count` arguments are given."""
        of_now = not named and len(given) == count
        clock = self._reader.asked(name, _caller()) if of_now else None
        if clock is None:
            return original(*given, **named)
        return original(*given, localtime(clock.read() / SECOND))

    def sleep(self, original: Any, *given: Any, **named: Any) -> None:
        """``sleep``: as long as ever; then the clock has gone on by as much."""
        original(*given, **named)
        clock = self._reader.held(_caller())
        if clock is not None:
            clock.sleep(int(float(given[0]) * SECOND))

    def refused(self, original: Any, *given: Any) -> None:
        """``clock_settime``: a time that was read from a virtual clock would become that of the whole machine."""
        if self._reader.held(_caller()) is not None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        original(*given)


def _caller() -> FrameType:
    """Who called the function that is wrapped: past this one, the wrap, and its stand-in."""
    return sys._getframe(3)  # noqa: SLF001 - has no public twin
