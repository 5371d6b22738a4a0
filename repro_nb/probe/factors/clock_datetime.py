"""``datetime``, and what else of the standard library reads the clock past ``time``, as it is for the user's code."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any, Callable, Optional, Tuple

from repro_nb.probe.factors.clock_reader import SECOND, ClockReader
from repro_nb.probe.factors.type_slots import set_method
from repro_nb.probe.factors.virtual_clock import VirtualClock

__all__ = ["date_logging", "wrap_datetime", "wrap_uuid"]

# From 1582-10-15, where the calendar of the ids begins, to 1970, in their steps of 100 ns.
_UUID_EPOCH = 0x01B21DD213814000
_UUID_STEP = 100


def wrap_datetime(reader: ClockReader) -> None:
    """Put a wrap around the constructors that read the clock, in the very types: subclasses and copies follow.

    Raises:
        TypeError: This interpreter does not let it be done.
    """
    moment: Any = dt.datetime.__dict__["fromtimestamp"]
    day: Any = dt.date.__dict__["fromtimestamp"]
    stamp_in_utc: Any = dt.datetime.__dict__["utcfromtimestamp"]
    true_now: Any = dt.datetime.__dict__["now"]
    true_utcnow: Any = dt.datetime.__dict__["utcnow"]
    true_today: Any = dt.date.__dict__["today"]

    def now(cls: Any, tz: Any = None) -> Any:
        clock = reader.asked("datetime.now", sys._getframe(1))  # noqa: SLF001 - has no public twin
        if clock is None:
            return true_now.__get__(None, cls)(tz)
        return moment.__get__(None, cls)(clock.read() / SECOND, tz)

    def utcnow(cls: Any) -> Any:
        clock = reader.asked("datetime.utcnow", sys._getframe(1))  # noqa: SLF001 - as above
        if clock is None:
            return true_utcnow.__get__(None, cls)()
        return stamp_in_utc.__get__(None, cls)(clock.read() / SECOND)

    def today(cls: Any) -> Any:
        with_time = issubclass(cls, dt.datetime)
        name = "datetime.today" if with_time else "date.today"
        clock = reader.asked(name, sys._getframe(1))  # noqa: SLF001 - as above
        if clock is None:
            return true_today.__get__(None, cls)()
        return (moment if with_time else day).__get__(None, cls)(clock.read() / SECOND)

    _set(dt.datetime, now)
    _set(dt.datetime, utcnow)
    _set(dt.date, today)


def _set(cls: type, function: Callable[..., Any]) -> None:
    original: Any = cls.__dict__[function.__name__]
    function.__qualname__, function.__doc__ = original.__qualname__, original.__doc__
    function.__module__ = "datetime"
    function.__annotations__ = {}  # the built-in one has none
    set_method(cls, function.__name__, classmethod(function))


def wrap_uuid(reader: ClockReader, uuid: Any) -> None:
    """Date the ids of ``uuid1`` that the C library makes: it reads the clock by itself."""
    original = getattr(uuid, "_generate_time_safe", None)
    if original is None:  # then Python makes them, with `time`
        return

    def generate_time_safe() -> Tuple[bytes, Optional[int]]:
        made: Tuple[bytes, Optional[int]] = original()
        clock = reader.asked("uuid.uuid1", sys._getframe(1))  # noqa: SLF001 - as above
        if clock is None:
            return made
        return _dated(made[0], clock), made[1]

    uuid._generate_time_safe = generate_time_safe  # noqa: SLF001 - has no public name


def _dated(bits: bytes, clock: VirtualClock) -> bytes:
    """The id with the clock's time in it."""
    stamp = clock.read() // _UUID_STEP + _UUID_EPOCH
    low = stamp & 0xFFFFFFFF
    middle = (stamp >> 32) & 0xFFFF
    high = (stamp >> 48) & 0x0FFF | 1 << 12  # version 1
    return low.to_bytes(4, "big") + middle.to_bytes(2, "big") + high.to_bytes(2, "big") + bits[8:]


def date_logging(clock: VirtualClock, logging: Any) -> None:
    """Let log records count from the clock's own start: they show how long the program runs."""
    start = getattr(logging, "_startTime", None)
    if start is not None:
        began = clock.plan.start
        logging._startTime = began if isinstance(start, int) else began / SECOND  # noqa: SLF001 - as above
