"""Dates, times, and decimal numbers of the standard library."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from repro_nb.values.scalars import Exact
from repro_nb.values.view import Kind, Look, Named, View

__all__ = ["KINDS"]


def _date(value: Any) -> View:
    return View(payload=Exact(sys.modules["datetime"].date.isoformat(value)))


def _time_of(name: str) -> Look:
    """For ``datetime`` and ``time``, which may have a timezone, of a class of anybody's."""

    def look(value: Any) -> View:
        cls = getattr(sys.modules["datetime"], name)
        clock = cls.isoformat(cls.replace(value, tzinfo=None))
        return View(
            payload=Exact(clock), parts=(Named({".fold": value.fold, ".tzinfo": value.tzinfo}),)
        )

    return look


def _duration(value: Any) -> View:
    names = ("days", "seconds", "microseconds")
    return View(parts=(Named({f".{name}": getattr(value, name) for name in names}),))


def _decimal(value: Any) -> View:
    return View(payload=Exact(sys.modules["decimal"].Decimal.__str__(value)))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "datetime": {
        "date": Kind(_date, attributes=True),
        "datetime": Kind(_time_of("datetime"), attributes=True),
        "time": Kind(_time_of("time"), attributes=True),
        "timedelta": Kind(_duration, attributes=True),
    },
    "decimal": {"Decimal": Kind(_decimal, attributes=True)},
}
"""How they are looked at, by module and name."""
