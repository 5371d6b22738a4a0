"""What the hook costs per cell, beside the bare shell and beside capture through the libraries' own getters.

Run as ``python benchmarks/hook.py``. Every line is the median of rounds that are interleaved with the bare shell's, in
one process and in processor time, so that a busy machine slows both sides alike. Writes
``benchmarks/results/hook.json``.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from repro_nb.probe.recorder import Recorder

ROUNDS = 15
CELLS = 120
RESULTS = Path(__file__).parent / "results" / "hook.json"
REACHING = """
import numpy as np
class Simulation:
    def __init__(self):
        self.noise = np.random.default_rng(1)
        self.parts = {"a": [np.random.RandomState(2)], "b": list(range(100))}
    def step(self):
        return self.noise.normal() + shared.normal()
shared = np.random.default_rng(3)
sim = Simulation()
"""


class PortablePeer:
    """Capture as one would write it first: each library's own getter, before and after each cell."""

    def attach(self, events: Any) -> None:
        """Begin to capture."""
        events.register("pre_run_cell", self._capture)
        events.register("post_run_cell", self._capture)

    def _capture(self, _: object) -> None:
        import numpy as np
        import torch

        self.state = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002

    def detach(self, events: Any) -> None:
        """Stop."""
        events.unregister("pre_run_cell", self._capture)
        events.unregister("post_run_cell", self._capture)


def seconds_per_cell(shell: Any, cell: str, cells: int = CELLS) -> float:
    """Processor time of one execution of `cell`, mean of `cells`."""
    begun = process_time()
    for _ in range(cells):
        shell.run_cell(cell)
    return (process_time() - begun) / cells


def compare(shell: Any, cell: str, peer: bool = False) -> dict[str, float]:
    """Microseconds per cell without and with the hook, medians of interleaved rounds."""
    bare, hooked = [], []
    hook: Any = PortablePeer() if peer else Recorder(shell.user_ns)
    for _ in range(ROUNDS):
        bare.append(seconds_per_cell(shell, cell))
        hook.attach(shell.events)
        hooked.append(seconds_per_cell(shell, cell))
        hook.detach(shell.events) if peer else hook.detach()
    without, with_hook = median(bare) * 1e6, median(hooked) * 1e6
    added = median(h - b for h, b in zip(hooked, bare, strict=True)) * 1e6
    return {
        "bare_us": without,
        "hooked_us": with_hook,
        "added_us": added,
        "added/bare": added / without,
    }


def first_and_late_cells(shell: Any, late: int = 10_000) -> dict[str, float]:
    """Microseconds that the hook takes at the start of a session and after `late` cells, measured in turn.

    Minutes lie between the first cell and the last of one session, in which a shared machine changes its speed; so two
    sessions go on side by side here, an old one and a new one.
    """
    old, new = Recorder(shell.user_ns), Recorder(shell.user_ns)
    hook_seconds(old, late)
    pairs = [(hook_seconds(new, 20), hook_seconds(old, 20)) for _ in range(50)]
    first, last = (median(side) * 1e6 for side in zip(*pairs, strict=True))
    return {"first_us": first, "late_us": last, "late/first": last / first}


def hook_seconds(recorder: Recorder, cells: int) -> float:
    """Seconds of processor time that the hook takes for a cell, without the cell."""
    results = [_Result(_Info("pass")) for _ in range(cells)]
    started = process_time()
    for result in results:
        recorder._before_cell(result.info)  # noqa: SLF001 - the shell's own time must not be counted
        recorder._after_cell(result)  # noqa: SLF001 - as above
    return (process_time() - started) / cells


def bytes_per_cell(shell: Any, cell: str, cells: int = 2000) -> float:
    """Memory that the recorder keeps for a cell that draws nothing."""
    recorder = Recorder(shell.user_ns)
    recorder.attach(shell.events)
    infos = [_Result(_Info(cell)) for _ in range(cells)]
    gc.collect()
    tracemalloc.start()
    for result in infos:
        recorder._before_cell(result.info)  # noqa: SLF001 - the shell's own memory must not be counted
        recorder._after_cell(result)  # noqa: SLF001 - as above
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    recorder.detach()
    return kept / cells


class _Info:
    cell_id = None

    def __init__(self, raw_cell: str) -> None:
        self.raw_cell = raw_cell


class _Result:
    error_before_exec = error_in_exec = None

    def __init__(self, info: _Info) -> None:
        self.info = info


def _shell() -> Any:
    return InteractiveShell()  # type: ignore[no-untyped-call] # IPython has no annotation there


def measure() -> dict[str, dict[str, float]]:
    """Every line of the table, by title; libraries are loaded on the way."""
    shell = _shell()
    shell.run_cell("pass")
    table = {"python": compare(shell, "pass")}
    import numpy.random

    table["python, numpy"] = compare(shell, "pass")
    import torch

    table["python, numpy, torch"] = compare(shell, "pass")
    table["peer: getstate, get_state, get_rng_state"] = compare(shell, "pass", peer=True)
    table["hook alone, 10,000th cell beside the first"] = first_and_late_cells(shell)
    shell.run_cell(REACHING)
    table["a cell that reaches 3 generators"] = compare(shell, "sim; pass")
    shell.user_ns.update({f"name_{i}": float(i) for i in range(10_000)})
    table["pass, 10,000 names"] = compare(shell, "pass")
    table["a cell that reaches 3 generators, 10,000 names"] = compare(shell, "sim; pass")
    table["memory"] = {
        "bytes per cell, pass": bytes_per_cell(shell, "pass"),
        "bytes per cell, 3 generators reached": bytes_per_cell(shell, "sim; pass"),
    }
    assert numpy.random
    assert torch
    return table


def show(table: dict[str, dict[str, float]], write: Callable[[str], object] = print) -> None:
    """Print the table."""
    for title, figures in table.items():
        write(f"{title:48} " + "  ".join(f"{name} {value:8.2f}" for name, value in figures.items()))


if __name__ == "__main__":
    figures = measure()
    show(figures)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"python": sys.version, "results": figures}, indent=1) + "\n")
