"""What deterministic mode costs on this machine, said when it begins."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from repro_nb.deterministic.interleaved import Timings, time_interleaved
from repro_nb.deterministic.refusals import refused_operation
from repro_nb.deterministic.warned import DeterministicPerformanceWarning, warn
from repro_nb.imports import whole_module

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["warn_performance"]

_RUNS = 7
_ROWS, _TARGETS, _WIDTH = 8192, 64, 16
_NOTABLE = 1.1


def warn_performance(config: DeterministicConfig) -> None:
    """Time a few operations with and without the mode, and say how they compare.

    They take half a megabyte and some milliseconds, draw no random numbers, and run on the CPU, and on the
    current CUDA device where CUDA is initialised already. Says nothing where torch is not loaded.
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
        return _compared(name, time_interleaved(call, mode, runs=_RUNS, warmup=2))
    except RuntimeError as error:
        # Older versions of torch have no deterministic algorithm for some of these on a GPU.
        if refused_operation(error) is None:
            raise
        return f"{name} refused"


def _compared(name: str, timings: Timings) -> str:
    normal, deterministic = timings.medians
    times = f"({normal * 1e3:.3f} ms → {deterministic * 1e3:.3f} ms)"
    if timings.factor >= _NOTABLE:
        return f"{name} {timings.factor:.1f}x slower {times}"
    if timings.factor <= 1 / _NOTABLE:
        return f"{name} {1 / timings.factor:.1f}x faster {times}"
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
