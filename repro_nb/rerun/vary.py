"""What a run's surroundings can be set to on purpose, through the kernel's environment and its processors.

A factor is *floating* when it differs between two runs by itself (the hash seed), and *standing* when it differs
between machines (time zone, locale, thread count).
"""

from __future__ import annotations

import locale
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Variation", "plain", "varied"]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# POSIX strings: a zone's name is UTC in silence where the zone database lacks it.
_TIMEZONES = ("<+0545>-05:45", "<-0930>+09:30")
_HASH_SEED = "PYTHONHASHSEED"
_C_LOCALES = frozenset({"c", "posix", "c.utf8", "c.utf-8"})


@dataclass(frozen=True, kw_only=True)
class Variation:
    """What is set for one run.

    Attributes:
        values: The value of each varied factor, by its public name.
        environment: Environment variables of the kernel.
        unset: Variables of `environment` that the probe takes out again before the first cell: they act on the
            interpreter's start, and are not for the notebook to see.
        prefix: What goes before the kernel's command.
        not_varied: Factors that could not be varied here, each with why.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    not_varied: tuple[str, ...] = ()


def plain(hash_seed: str, kernel_env: Mapping[str, str]) -> Variation:
    """A run as the user's own would be: nothing differs from it but what differs by itself.

    Args:
        hash_seed: The value that the floating hash seed has in this run, unless the user or the kernelspec pins it.
        kernel_env: What the kernelspec sets by itself.
    """
    if _HASH_SEED in kernel_env or os.environ.get(_HASH_SEED, "random") != "random":
        return Variation()
    return Variation(environment={_HASH_SEED: hash_seed}, unset=(_HASH_SEED,))


def varied(round_: int, hash_seed: str, kernel_env: Mapping[str, str]) -> Variation:
    """Everything that can be varied, at other values in each round.

    Args:
        round_: 0 for the first varied run, 1 for the next, …
        hash_seed: The hash seed of this run.
        kernel_env: What the kernelspec sets by itself; it is left alone, and said.
    """
    parts = [
        _hash_seed(hash_seed),
        _timezone(round_),
        _locale(round_),
        _threads(round_),
    ]
    values: dict[str, str] = {}
    environment: dict[str, str] = {}
    unset: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    not_varied: list[str] = []
    for part in parts:
        pinned = sorted(set(part.environment) & set(kernel_env))
        if pinned:
            not_varied.append(f"{', '.join(part.values)}: the kernelspec sets {', '.join(pinned)}")
            continue
        values.update(part.values)
        environment.update(part.environment)
        unset += part.unset
        prefix += part.prefix
        not_varied.extend(part.not_varied)
    not_varied.append("clock, directory-order, working-directory: this version does not vary them")
    return Variation(
        values=values,
        environment=environment,
        unset=unset,
        prefix=prefix,
        not_varied=tuple(not_varied),
    )


def _hash_seed(seed: str) -> Variation:
    return Variation(
        values={"hash-seed": seed}, environment={_HASH_SEED: seed}, unset=(_HASH_SEED,)
    )


def _timezone(round_: int) -> Variation:
    here = -time.timezone
    # The first that is not where this machine is already: both are offsets that few people live in.
    zones = [zone for zone in _TIMEZONES if _offset(zone) != here]
    zone = zones[round_ % len(zones)]
    return Variation(values={"timezone": zone}, environment={"TZ": zone})


def _offset(zone: str) -> int:
    """Seconds east of Greenwich of a POSIX zone string, whose own sign counts west."""
    hours, minutes = zone.rpartition(">")[2].split(":")
    sign = 1 if hours.startswith("-") else -1
    return sign * (abs(int(hours)) * 3600 + int(minutes) * 60)


def _locale(round_: int) -> Variation:
    current = (locale.setlocale(locale.LC_CTYPE) or "C").lower().replace("utf-8", "utf8")
    names = [name for name in _installed_locales() if name.lower() not in _C_LOCALES]
    others = [name for name in names if name.lower() != current]
    if not others and current in _C_LOCALES:
        return Variation(not_varied=("locale: only the C locale is installed",))
    name = others[round_ % len(others)] if others else "C"
    return Variation(values={"locale": name}, environment={"LC_ALL": name})


def _installed_locales() -> list[str]:
    if shutil.which("locale") is None:
        return []
    command = ["locale", "-a"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    usable = [name for name in listing.stdout.split() if "utf8" in name.lower().replace("-", "")]
    # A decimal comma shows more than another language's month names do.
    return sorted(usable, key=lambda name: (not name.startswith(("de", "fr")), name))


def _threads(round_: int) -> Variation:
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    available = len(processors) or os.cpu_count() or 1
    usual = os.environ.get("OMP_NUM_THREADS", str(available))
    others = [count for count in (1, 2, available + 1) if str(count) != usual]
    count = others[round_ % len(others)]
    environment = dict.fromkeys(THREAD_VARIABLES, str(count))
    prefix: tuple[str, ...] = ()
    if count == 1 and available > 1 and shutil.which("taskset"):
        # Some libraries (XLA) follow the processors they may use, and no variable.
        prefix = ("taskset", "--cpu-list", str(processors[-1]))
    return Variation(values={"threads": str(count)}, environment=environment, prefix=prefix)
