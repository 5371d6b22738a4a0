"""What deterministic mode costs on this machine, said when it begins."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from repro_nb.deterministic.interleaved import Timings, factor_of, time_interleaved
from repro_nb.deterministic.refusals import refused_operation
from repro_nb.deterministic.warned import DeterministicPerformanceWarning, warn
from repro_nb.imports import whole_module

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["warn_performance"]

_MOST_RUNS = 40
_SECONDS = 0.05
"""For one operation; what makes the machine slower for longer cannot be measured away."""
_FEWEST_RUNS = 10
_MOST_DRIFT = 2.0
_ROWS, _TARGETS, _WIDTH = 8192, 64, 16
_NOTABLE = 1.1


def warn_performance(config: DeterministicConfig) -> None:
    """Time a few operations with and without the mode, and say how they compare.

    They take half a megabyte and a tenth of a second, draw no random numbers, and run on the CPU, and on the current
    CUDA device where CUDA is initialised already. The shortest of many runs counts, as whatever else the machine does
    makes the others longer; no figure is given where the two halves of the runs disagree. Says nothing where torch is
    not loaded.
    """
    if whole_module("torch") is None:
        return
    mode = replace(config, warn_performance=False)
    measured = "; ".join(f"on {device}: {_measured(device, mode)}" for device in _devices())
    warn(f"deterministic mode, measured here {measured}", DeterministicPerformanceWarning)


def _devices() -> List[str]:
    initialised = sys.modules["torch"].cuda.is_initialized()
    return ["cpu", "cuda"] if initialised else ["cpu"]


def _measured(device: str, mode: DeterministicConfig) -> str:
    with sys.modules["torch"].no_grad():
        return ", ".join(_timed(name, call, mode) for name, call in _operations(device).items())


def _timed(name: str, call: Callable[[], object], mode: DeterministicConfig) -> str:
    try:
        timings = time_interleaved(call, mode, runs=_MOST_RUNS, warmup=2, seconds=_SECONDS)
    except RuntimeError as error:
        # Older versions of torch have no deterministic algorithm for some of these on a GPU.
        if refused_operation(error) is None:
            raise
        return f"{name} refused"
    if not _is_steady(timings):
        return f"{name} could not be measured steadily"
    return _compared(name, timings)


def _is_steady(timings: Timings) -> bool:
    if len(timings.normal) < _FEWEST_RUNS:
        return False
    one, other = (factor_of(*half.minima) for half in timings.halves())
    return max(one, other) <= _MOST_DRIFT * min(one, other)


def _compared(name: str, timings: Timings) -> str:
    normal, deterministic = timings.minima
    factor = factor_of(normal, deterministic)
    times = f"({normal * 1e3:.3f} ms → {deterministic * 1e3:.3f} ms)"
    if factor >= _NOTABLE:
        return f"{name} {factor:.1f}x slower {times}"
    if factor <= 1 / _NOTABLE:
        return f"{name} {1 / factor:.1f}x faster {times}"
    return f"{name} as fast {times}"


def _operations(device: str) -> Dict[str, Callable[[], object]]:
    """Operations for which torch takes another way in deterministic mode.

    No backward pass: the first one in a process starts threads for every device.
    """
    torch: Any = sys.modules["torch"]
    placed = {"device": device}
    index = torch.arange(_ROWS, **placed) % _TARGETS
    column = index[:, None].expand(_ROWS, _WIDTH)
    source = torch.ones(_ROWS, _WIDTH, dtype=torch.float32, **placed)
    sums = torch.zeros(_TARGETS, _WIDTH, dtype=torch.float32, **placed)
    return {
        "index_put_ with accumulate": lambda: sums.index_put_((index,), source, accumulate=True),
        "index_add_": lambda: sums.index_add_(0, index, source),
        "scatter_add_": lambda: sums.scatter_add_(0, column, source),
        "torch.empty": lambda: torch.empty(_ROWS, _WIDTH, dtype=torch.float32, **placed),
    }
