"""What it costs to prove causes: runs against active factors, and wall time against that of the same runs in a row.

Run: ``python benchmarks/explain_cost.py``. Prints a table, and writes ``benchmarks/results/explain_cost.json``.

A factor is active when a run of its own varied it. The allowance is three runs (the reference, its repeat, everything
varied), one for each active factor, and two more tries for a hash seed; and 0.6 of what the same number of runs would
take one after the other, where one run is the median of three lone ones.
"""

from __future__ import annotations

import inspect
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from repro_nb.rerun import explain, verify
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.result import NotebookResult

RESULTS = Path(__file__).parent / "results" / "explain_cost.json"
ROUNDS = 3
FIXED_RUNS = 3
HASH_SEED = "hash-seed"
MORE_HASH_SEEDS = 2
WALL_SHARE = 0.6


def work(rounds: int) -> str:
    """What the heavy cells do; they hold this function's source."""
    import hashlib

    block, digest = bytes(1_000_000), hashlib.sha256()
    for _ in range(rounds):
        digest.update(block)
    return digest.hexdigest()[:8]


NOTEBOOKS: Mapping[str, Sequence[str]] = {
    "sound": ("x = [n * n for n in range(9)]", "print(sum(x))"),
    "one cause": ("import random", "print(random.random())", "print('end')"),
    "hash seed": ("words = set('to be or not to be that is it'.split())", "print(words)"),
    "three causes": (
        "import random, time",
        "print(random.random())",
        "print(time.time())",
        "print(time.localtime(0).tm_hour)",
    ),
    "numpy and entropy": (
        "import numpy as np",
        "rng = np.random.default_rng()",
        "print(rng.normal(), np.random.rand())",
    ),
    "heavy, one cause": (
        inspect.getsource(work),
        "print(work({rounds}))",
        "import random",
        "print(random.random())",
        "print(work({rounds}))",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one notebook cost.

    Attributes:
        name: The notebook.
        active: Factors that a run of their own varied.
        runs: Runs that were made.
        allowed_runs: Runs that may be made.
        one_run: Wall time of a lone run, in seconds.
        seconds: Wall time of the explanation.
        share: That, of the time of as many lone runs one after the other.
        causes: Factors that were named.
    """

    name: str
    active: tuple[str, ...]
    runs: int
    allowed_runs: int
    one_run: float
    seconds: float
    share: float
    causes: tuple[str, ...]

    @property
    def within(self) -> bool:
        """Whether it stays within both allowances."""
        return self.runs <= self.allowed_runs and self.share <= WALL_SHARE


def written(folder: Path, name: str, cells: Sequence[str], rounds: int) -> Path:
    """A notebook of these cells."""
    node = new_notebook(
        cells=[new_code_cell(cell.replace("{rounds}", str(rounds))) for cell in cells]
    )
    node.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path = folder / f"{name.replace(' ', '-').replace(',', '')}.ipynb"
    nbformat.write(node, path)
    return path


def rounds_for(seconds: float) -> int:
    """How many rounds of the heavy cells' work take so long here."""
    begun = time.perf_counter()
    work(200)
    return int(200 * seconds / (time.perf_counter() - begun))


def active_factors(result: NotebookResult) -> tuple[str, ...]:
    """Factors that were varied while all others were pinned."""
    alone = (next(iter(run.varied)) for run in result.runs if len(run.varied) == 1)
    return tuple(dict.fromkeys(alone))


def lone_run(path: Path) -> float:
    """Wall time in seconds of one run, with nothing beside it."""
    times = []
    for _ in range(ROUNDS):
        result = verify(path, VerifyOptions(runs=1, explain=False))
        times.append(result.runs[0].seconds)
    return median(times)


def cost(name: str, path: Path) -> Cost:
    """Explain one notebook, and count."""
    one_run = lone_run(path)
    result = explain(path, VerifyOptions())
    active = active_factors(result)
    runs = len(result.runs)
    return Cost(
        name=name,
        active=active,
        runs=runs,
        allowed_runs=FIXED_RUNS + len(active) + MORE_HASH_SEEDS * (HASH_SEED in active),
        one_run=one_run,
        seconds=result.seconds,
        share=result.seconds / (runs * one_run),
        causes=tuple(dict.fromkeys(cause.factor for cause in result.causes)),
    )


def main() -> None:
    """Measure, print and write."""
    print(f"{'':20}{'runs':>6}{'allowed':>9}{'one run':>9}{'in all':>8}{'share':>7}  causes")
    costs = []
    rounds = rounds_for(2.5)
    with tempfile.TemporaryDirectory() as folder:
        for name, cells in NOTEBOOKS.items():
            one = cost(name, written(Path(folder), name, cells, rounds))
            costs.append(one)
            numbers = f"{one.runs:6}{one.allowed_runs:9}{one.one_run:8.2f}s{one.seconds:7.1f}s"
            verdict = "" if one.within else "  (beyond)"
            print(f"{name:20}{numbers}{one.share:7.2f}  {', '.join(one.causes) or '-'}{verdict}")
    report = {
        "schema": "repro_nb/benchmark-explain-cost/1",
        "processors": os.cpu_count(),
        "wall_share_allowed": WALL_SHARE,
        "notebooks": [asdict(one) for one in costs],
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
