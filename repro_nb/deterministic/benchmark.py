"""What deterministic mode costs the user's own code."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Callable, Optional, TypedDict

from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.interleaved import Timings, spread, time_interleaved
from repro_nb.deterministic.refusals import refused_operation
from repro_nb.errors import UsageError
from repro_nb.rng.capture import capture, restore

__all__ = ["DeterministicImpact", "benchmark_deterministic_impact"]


class DeterministicImpact(TypedDict):
    """What deterministic mode costs; times in seconds.

    Attributes:
        slowdown_factor: The deterministic median, as a multiple of the normal one.
        absolute_difference: The deterministic median less the normal one; negative where the mode is faster.
        deterministic_median: Median time of a run in deterministic mode.
        normal_median: Median time of a run without it.
        deterministic_spread: Interquartile range of the runs in deterministic mode; 0 for a single run.
        normal_spread: Interquartile range of those without it.
        runs: How many runs of each kind were timed.
    """

    slowdown_factor: float
    absolute_difference: float
    deterministic_median: float
    normal_median: float
    deterministic_spread: float
    normal_spread: float
    runs: int


def benchmark_deterministic_impact(
    func: Callable[..., object],
    *args: Any,
    runs: int = 5,
    warmup: int = 1,
    config: Optional[DeterministicConfig] = None,
    **kwargs: Any,
) -> DeterministicImpact:
    """Time ``func(*args, **kwargs)`` with and without deterministic mode.

    The two kinds of runs take turns. *Without* means the settings from before any mode was enabled, so it does not
    matter whether one is on. Every setting, and every global stream of random numbers, is afterwards as it was, also
    when `func` changes some or raises; what `func` does to its own objects stays, so that a model that it trains is
    trained by every run. Work that `func` leaves running on the current CUDA device, or in the JAX
    arrays it returns, counts.

    Args:
        func: What to time; it runs ``2 * (warmup + runs)`` times. Its own arguments named `runs`, `warmup` or
            `config` need a `functools.partial`.
        *args: Positional arguments for `func`.
        runs: How many runs of each kind to time.
        warmup: How many runs of each kind come before them, untimed.
        config: The mode; by default everything that makes results repeat.
        **kwargs: Keyword arguments for `func`.

    Raises:
        UsageError: `runs` is below 1, or `warmup` below 0. `func` was not called.
    """
    _check("runs", runs, least=1)
    _check("warmup", warmup, least=0)
    # The cost of this very function is asked for, so the general warning is not.
    mode = replace(config or DeterministicConfig(), warn_performance=False)
    captured = capture()
    try:
        timings = time_interleaved(partial(func, *args, **kwargs), mode, runs=runs, warmup=warmup)
    except RuntimeError as error:
        _explain(error)
        raise
    finally:
        restore(captured)
    return _impact(timings)


def _check(name: str, value: int, *, least: int) -> None:
    if value < least:
        raise UsageError(f"{value} is below {least}", where=name)


def _impact(timings: Timings) -> DeterministicImpact:
    normal, deterministic = timings.medians
    return {
        "slowdown_factor": timings.factor,
        "absolute_difference": deterministic - normal,
        "deterministic_median": deterministic,
        "normal_median": normal,
        "deterministic_spread": spread(timings.deterministic),
        "normal_spread": spread(timings.normal),
        "runs": len(timings.normal),
    }


def _explain(error: RuntimeError) -> None:
    operation = refused_operation(error)
    add_note = getattr(error, "add_note", None)  # younger than Python 3.9
    if operation is not None and add_note is not None:
        add_note(
            f"torch has no deterministic algorithm for {operation}; with "
            "config=DeterministicConfig(torch_warn_only=True) it is timed all the same"
        )
