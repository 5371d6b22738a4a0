"""Who reads a clock: the user's code, or what has to know the true time."""

from __future__ import annotations

import threading
from types import FrameType
from typing import TYPE_CHECKING, Dict, Optional

from repro_nb.probe.factors.callers import caller_of
from repro_nb.probe.factors.uses import is_kernel, is_standard
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses
    from repro_nb.probe.factors.virtual_clock import VirtualClock

__all__ = ["SECOND", "ClockReader"]

SECOND = 10**9
"""Nanoseconds."""

_FACTOR = "clock"
# These wait for what happens outside: a clock that goes by being read would make them give up at once.
_WAITING = frozenset(
    (
        "_pytest",
        "aiohttp",
        "anyio",
        "asyncio",
        "asyncssh",
        "billiard",
        "boto3",
        "botocore",
        "concurrent",
        "distributed",
        "execnet",
        "filelock",
        "gevent",
        "grpc",
        "httpcore",
        "httpx",
        "ipyparallel",
        "kafka",
        "loky",
        "mpi4py",
        "multiprocess",
        "multiprocessing",
        "nbclient",
        "paramiko",
        "pebble",
        "pexpect",
        "playwright",
        "psycopg",
        "ptyprocess",
        "pymongo",
        "pytest_timeout",
        "queue",
        "ray",
        "redis",
        "sched",
        "select",
        "selectors",
        "selenium",
        "signal",
        "socket",
        "socketserver",
        "ssl",
        "subprocess",
        "telnetlib",
        "threading",
        "trio",
        "urllib3",
        "uvloop",
        "websocket",
        "websockets",
    )
)
_WAITING_PARTS = ("joblib.externals.loky", "torch.distributed", "torch.multiprocessing")


class ClockReader:
    """Notes who reads the clock, and says which clock they read.

    Args:
        uses: Where lines that read it are noted.
        clock: What the user's code reads; None for the true time.
    """

    def __init__(self, uses: Uses, clock: Optional[VirtualClock]) -> None:
        self._uses = uses
        self._clock = clock
        # Whatever thread comes later was started by the user's code, or shows that it is the kernel's.
        self._first_threads = frozenset(thread.ident for thread in threading.enumerate())
        self._waits: Dict[str, bool] = {}

    def asked(self, name: str, caller: FrameType) -> Optional[VirtualClock]:
        """Note that `caller` reads the clock through `name`; what it is to read, None for the true time."""
        direct = str(caller.f_globals.get("__name__"))
        if self._is_waiting(direct):
            return None
        place = self._uses.place_of(caller)
        if place is None:
            return self._clock if self._is_users_thread(caller) else None
        # The frame that `%%timeit` makes around the user's statements is on no line of theirs.
        if place.code and (not place.importing or is_user_module(place.direct)):
            passed_on = is_standard(direct) and caller_of(caller).call
            self._uses.note(_FACTOR, passed_on or name, place)
        if self._clock is not None and not is_user_module(place.direct):
            # Libraries warn of what seems to take seconds.
            self._clock.hurry()
        return self._clock

    def held(self, caller: FrameType) -> Optional[VirtualClock]:
        """The clock that `caller` lives by, without a note; None for the true one."""
        if self._clock is None or self._is_waiting(str(caller.f_globals.get("__name__"))):
            return None
        users = self._uses.place_of(caller) is not None or self._is_users_thread(caller)
        return self._clock if users else None

    def _is_waiting(self, module: str) -> bool:
        waits = self._waits.get(module)
        if waits is None:
            waits = module.partition(".")[0] in _WAITING or module.startswith(_WAITING_PARTS)
            self._waits[module] = waits
        return waits

    def _is_users_thread(self, caller: FrameType) -> bool:
        """Whether a call without a cell on its stack is of a thread that the user's code set going."""
        if threading.get_ident() in self._first_threads:
            return False
        frame: Optional[FrameType] = caller
        while frame is not None:
            if is_kernel(str(frame.f_globals.get("__name__"))):
                return False
            frame = frame.f_back
        return True
