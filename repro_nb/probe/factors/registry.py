"""The factors: the built-in ones, and those that other packages add."""

from __future__ import annotations

from functools import lru_cache
from typing import Tuple

from repro_nb.plugins import added, points_of
from repro_nb.probe.factors.accelerator import Accelerator
from repro_nb.probe.factors.clock import Clock
from repro_nb.probe.factors.directory_order import DirectoryOrder
from repro_nb.probe.factors.factor import Factor
from repro_nb.probe.factors.hash_seed import HashSeed
from repro_nb.probe.factors.locale import Locale
from repro_nb.probe.factors.network import Network
from repro_nb.probe.factors.os_entropy import OsEntropy
from repro_nb.probe.factors.process import Process
from repro_nb.probe.factors.streams import stream_factors
from repro_nb.probe.factors.threads import Threads
from repro_nb.probe.factors.timezone import Timezone
from repro_nb.probe.factors.uninitialised_memory import UninitialisedMemory
from repro_nb.probe.factors.working_directory import WorkingDirectory

__all__ = ["GROUP", "factors"]

GROUP = "repro_nb.factors"
"""The entry point group in which a package names a `Factor`, or a class or function that makes one."""

_BUILT_IN: Tuple[Factor, ...] = (
    *stream_factors(),
    OsEntropy(),
    HashSeed(),
    Clock(),
    Process(),
    Threads(),
    Timezone(),
    Locale(),
    DirectoryOrder(),
    UninitialisedMemory(),
    Accelerator(),
    WorkingDirectory(),
    Network(),
)
_PROTOCOL = ("name", "floating", "wording", "pin", "vary", "install", "is_active", "remedy")


@lru_cache(maxsize=1)
def factors() -> Tuple[Factor, ...]:
    """Every factor that is watched, pinned and varied.

    Packages that add one through the entry point group `GROUP` are looked for once in a process. One that cannot be
    used is told in a warning, and left out.
    """
    names = [factor.name for factor in _BUILT_IN]
    return (*_BUILT_IN, *added(points_of(GROUP), names, _PROTOCOL, "factor"))
