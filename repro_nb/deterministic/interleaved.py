"""Timing one call without and with deterministic mode, in turns."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any, Callable, List, Tuple

from repro_nb.deterministic.active import active
from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.mode import enable_deterministic_mode
from repro_nb.imports import whole_module

__all__ = ["Timings", "factor_of", "spread", "time_interleaved"]


@dataclass(frozen=True)
class Timings:
    """Seconds that each run took.

    Attributes:
        normal: Without any deterministic mode.
        deterministic: With the mode.
    """

    normal: Tuple[float, ...]
    deterministic: Tuple[float, ...]

    @property
    def factor(self) -> float:
        """The deterministic median, as a multiple of the normal one."""
        return factor_of(*self.medians)

    @property
    def minima(self) -> Tuple[float, float]:
        """Seconds: the shortest run without the mode, and with it. What else the machine does adds to all others."""
        return min(self.normal), min(self.deterministic)

    def halves(self) -> Tuple[Timings, Timings]:
        """The earlier runs, and the later ones; there have to be two of each kind."""
        middle = len(self.normal) // 2
        earlier = Timings(self.normal[:middle], self.deterministic[:middle])
        return earlier, Timings(self.normal[middle:], self.deterministic[middle:])

    @property
    def medians(self) -> Tuple[float, float]:
        """Seconds: the median without the mode, and with it."""
        import statistics  # its decimals and fractions are needed here alone

        return statistics.median(self.normal), statistics.median(self.deterministic)


def factor_of(normal: float, deterministic: float) -> float:
    """How many times as long the deterministic seconds are; infinite where the normal ones are too short to see."""
    if normal == deterministic:
        return 1.0  # also where the clock is too coarse to see either
    return deterministic / normal if normal else float("inf")


def time_interleaved(
    call: Callable[[], object],
    config: DeterministicConfig,
    *,
    runs: int,
    warmup: int,
    seconds: float = float("inf"),
) -> Timings:
    """Time `call` without and with the mode in turns: one drift of the machine then strikes both.

    Every run begins with the settings from before any mode was enabled, plus the mode where it is its turn. What
    the run itself sets is taken back after it.

    Args:
        call: What to time. Work that it leaves running on a device counts.
        config: The mode.
        runs: How many runs of each kind to keep.
        warmup: How many of each kind to do before that.
        seconds: No pair of runs begins later than this, so that there may be fewer of them, or none.
    """
    deadline = time.perf_counter() + seconds
    normal: List[float] = []
    deterministic: List[float] = []
    for turn in range(warmup + runs):
        if time.perf_counter() > deadline:
            break
        for held in (False, True) if turn % 2 == 0 else (True, False):
            with active.set_aside():
                if held:
                    enable_deterministic_mode(config)
                took = _timed(call)
            if turn >= warmup:
                (deterministic if held else normal).append(took)
    return Timings(tuple(normal), tuple(deterministic))


def spread(seconds: Tuple[float, ...]) -> float:
    """The interquartile range; 0 for a single run."""
    import statistics

    if len(seconds) == 1:
        return 0.0
    lower, _, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return upper - lower


def _timed(call: Callable[[], object]) -> float:
    _wait_for_cuda()
    start = time.perf_counter()
    result = call()
    if whole_module("jax") is not None:
        _wait_for(result)
    _wait_for_cuda()
    return time.perf_counter() - start


def _wait_for_cuda() -> None:
    cuda = sys.modules.get("torch.cuda")
    if cuda is not None and cuda.is_initialized():
        cuda.synchronize()


def _wait_for(result: Any) -> None:
    """Wait for the JAX arrays in `result`, which come before they are computed."""
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, (tuple, list)):
        for part in result:
            _wait_for(part)
    # By the type: an object that invents attributes would answer to anything.
    elif hasattr(type(result), "block_until_ready"):
        result.block_until_ready()
