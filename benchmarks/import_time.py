"""What importing repro_nb and loading its extension costs, beside named peers, in interpreters of their own.

Run ``python benchmarks/import_time.py``; it prints a table and writes ``benchmarks/results/import_time.json``.
Every figure is CPU time, the median over rounds that measure all programs in turn: wall time on a shared machine
measures the neighbours. None of the programs waits for anything, so on an idle machine the two are the same.
Byte code is cached, as pip leaves it; ``(no byte code)`` compiles repro_nb anew, as from the zip that travels into
foreign kernels.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

ROUNDS = 7
PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results" / "import_time.json"
PEERS = ("IPython", "nbformat", "nbclient", "nbval", "papermill", "nbmake")
FRAMEWORKS = ("numpy", "torch", "jax", "pandas", "ipywidgets")

LOAD = """
import time
import ipykernel.kernelapp
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("pwd", "")
start = time.process_time()
shell.run_line_magic("load_ext", "{extension}")
seconds = time.process_time() - start
print(seconds * 1000)
"""


def run(program: str, cache: str) -> str:
    """What `program` prints in an interpreter that keeps its byte code under `cache`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONDONT")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**env, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": str(PROJECT)},
    )
    return done.stdout


def process_ms(program: str, cache: str) -> float:
    """CPU time of an interpreter that runs `program`, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(program, cache)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def load_ms(extension: str, cache: str) -> float:
    """Time of ``%load_ext`` alone, in a shell that has loaded what a kernel loads, in milliseconds."""
    return float(run(LOAD.format(extension=extension), cache).splitlines()[-1])


def measure(cache: str) -> dict[str, float]:
    """Medians in milliseconds: imports beyond an empty interpreter, and ``%load_ext``."""
    names = ["repro_nb", *(peer for peer in PEERS if find_spec(peer))]
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as nothing:
            times = one_round(names, cache, nothing)
        for name, milliseconds in times.items() if number else ():  # the first fills the cache
            found[name].append(milliseconds)
    return {name: round(statistics.median(times), 2) for name, times in found.items()}


def one_round(names: list[str], cache: str, nothing: str) -> dict[str, float]:
    """Every program once."""
    empty = process_ms("", cache)
    return {
        "empty interpreter": empty,
        **{f"import {name}": process_ms(f"import {name}", cache) - empty for name in names},
        **{f"%load_ext {name}": load_ms(name, cache) for name in ("repro_nb", "autoreload")},
        "%load_ext repro_nb (no byte code)": load_ms("repro_nb", nothing),
    }


def frameworks_loaded(cache: str) -> list[str]:
    """Frameworks that ``import repro_nb`` and ``%load_ext repro_nb`` pull in: none, it is hoped."""
    program = LOAD.format(extension="repro_nb") + "import sys; print(*sys.modules)"
    return sorted(set(FRAMEWORKS) & set(run(program, cache).splitlines()[-1].split()))


def main() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as cache:
        medians, frameworks = measure(cache), frameworks_loaded(cache)
    width = max(map(len, medians))
    for name, milliseconds in medians.items():
        print(f"{name:<{width}}  {milliseconds:8.2f} ms")
    print(f"frameworks loaded by repro_nb: {', '.join(frameworks) or 'none'}")
    facts = {"rounds": ROUNDS, "median_cpu_ms": medians, "frameworks_loaded": frameworks}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
