"""The time zone of the machine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Optional

from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.vocabulary import SHELL, mentions, words

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["Timezone"]

# POSIX strings: a zone's name is UTC in silence where the zone database lacks it.
_PINNED = "UTC0"
_ZONES = ("<+0545>-05:45", "<-0930>+09:30")
# What tells a local time, or one from a local time; over-eager, as a run is all that it costs.
_WORDS = words(
    "asctime",
    "astimezone",
    "ctime",
    "date_range",
    "date2num",
    "dateutil",
    "datetime",
    "formatdate",
    "fromtimestamp",
    "localtime",
    "logging",
    "mktime",
    "now",
    "num2date",
    "pendulum",
    "pytz",
    "strftime",
    "strptime",
    "timestamp",
    "Timestamp",
    "timezone",
    "to_datetime",
    "today",
    "TZ",
    r"tz\w*",
    "zipfile",
    "zoneinfo",
)
_LOCAL_CALLS = ("local", "now", "today", "ctime", "strftime", "logging", "formatdate")


class Timezone:
    """``TZ``, which local times follow."""

    name = "timezone"
    floating = False
    wording = "the time zone of the machine"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """Universal time."""
        return Setting(_PINNED, environment={"TZ": _PINNED})

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """An offset that few people live in, and not this machine's."""
        # The first that is not where this machine is already.
        zones = [zone for zone in _ZONES if _offset(zone) != -time.timezone]
        zone = zones[round_ % len(zones)]
        return Setting(zone, environment={"TZ": zone})

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Nothing: the C library read the variable."""

    def is_active(self, traces: Traces) -> bool:
        """Whether anything makes a local time, as far as the text and the readings of the clock tell."""
        read = (use.call for use in traces.uses_of("clock"))
        local = any(word in call for call in read for word in _LOCAL_CALLS)
        return local or mentions(traces, _WORDS, SHELL)

    def remedy(self, code: str) -> str:
        """Name the zone."""
        if any(word in code for word in ("localtime", "mktime", "ctime")):
            return "make the time in UTC: `time.gmtime`, `calendar.timegm`"
        what = f"`{code}`" if code else "what makes a local time"
        return f"give {what} a time zone of its own, such as `tz=datetime.timezone.utc`"


def _offset(zone: str) -> int:
    """Seconds east of Greenwich of a POSIX zone string, whose own sign counts west."""
    hours, minutes = zone.rpartition(">")[2].split(":")
    sign = 1 if hours.startswith("-") else -1
    return sign * (abs(int(hours)) * 3600 + int(minutes) * 60)
