"""What it costs to capture the random state and to put it back, beside other libraries' ways; and what each one misses.

Run: ``python benchmarks/seeding.py``, with what shall be compared installed: ``pip install torch lightning accelerate
mosaicml numba``; a peer that is not there, or does not import, is listed with the reason. Prints two tables, and writes
``benchmarks/results/seeding.json``.

Times are medians of interleaved rounds in processor time, with python, numpy and torch loaded. A time is that of
capturing, drawing and restoring, less that of the draws alone. What a peer misses is shown, not said: a number is drawn
after capturing and again after restoring, and the two differ.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch

from repro_nb.rng import held, placing
from repro_nb.rng.capture import capture, restore

mtrand: Any = np.random.mtrand
RESULTS = Path(__file__).parent / "results" / "seeding.json"
ROUNDS = 41
REPEATS = 300
SLOW_REPEATS = 5
SLOW = "accelerate, through files"

Body = Callable[[], object]
Peer = Callable[[Body], None]


def ours(body: Body) -> None:
    """Every global stream, by `capture` and `restore`."""
    captured = capture()
    body()
    restore(captured)


def ours_with_held(body: Body) -> None:
    """The same, and the generators that the probes below hold, as time travel finds them in variables."""
    captured = capture()
    kept = [(source, held.read(source)) for source in HELD]
    body()
    restore(captured)
    for source, found in kept:
        if found is not None and found.state is not None:
            placing.restoring(source, found.kind, found.state)()


def getters_and_setters(body: Body) -> None:
    """What one writes by hand."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - the global stream is meant
    body()
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002 - as above
    torch.set_rng_state(states[2])


def fork_rng(body: Body) -> None:
    """The way of torch itself, as it is called by default."""
    with torch.random.fork_rng():
        body()


def fork_rng_without_devices(body: Body) -> None:
    """The way of torch itself at its quickest."""
    with torch.random.fork_rng(devices=[]):
        body()


def lightning() -> Peer:
    """Lightning's ``isolate_rng``."""
    isolate: Any = importlib.import_module("lightning.pytorch.utilities.seed").isolate_rng

    def peer(body: Body) -> None:
        with isolate():
            body()

    return peer


def accelerate() -> Peer:
    """What ``Accelerator.save_state`` and ``load_state`` call; accelerate keeps random states in files alone."""
    checkpointing: Any = importlib.import_module("accelerate.checkpointing")
    importlib.import_module("accelerate").PartialState()
    folder = Path(tempfile.mkdtemp(prefix="accelerate"))

    def peer(body: Body) -> None:
        checkpointing.save_accelerator_state(str(folder), [], [], [], [], 0, 0)
        body()
        checkpointing.load_accelerator_state(str(folder), [], [], [], [], 0)

    return peer


def composer() -> Peer:
    """Composer's functions for checkpoints."""
    reproducibility: Any = importlib.import_module("composer.utils.reproducibility")

    def peer(body: Body) -> None:
        state = reproducibility.get_rng_state()
        body()
        reproducibility.load_rng_state(state)

    return peer


def peers() -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers that can be called here, and why others cannot."""
    found: dict[str, Peer] = {
        "repro_nb": ours,
        "torch fork_rng(devices=[])": fork_rng_without_devices,
        "torch fork_rng()": fork_rng,
        "getters and setters by hand": getters_and_setters,
    }
    absent: dict[str, str] = {}
    others = {"lightning isolate_rng": lightning, SLOW: accelerate, "composer": composer}
    for name, make in others.items():
        try:
            found[name] = make()
        except Exception as fault:  # noqa: BLE001 - whatever keeps it from being imported is what is reported
            absent[name] = f"{type(fault).__name__}: {fault}".splitlines()[0] + _unmet(name)
    return found, absent


def _unmet(name: str) -> str:
    """What Composer wants of torch, which is why it is seldom beside a new one."""
    if name != "composer":
        return ""
    try:
        wanted = [one for one in requires("mosaicml") or () if one.startswith(("torch<", "torch>"))]
    except PackageNotFoundError:
        return ""
    return f"; it requires {', '.join(wanted)}, and torch {torch.__version__} is here"


def draws() -> None:
    """A number from each stream."""
    random.random()
    np.random.rand()  # noqa: NPY002 - as above
    torch.rand(1)


def nothing() -> None:
    """No draw."""


def microseconds(call: Callable[[], object], repeats: int) -> float:
    """Processor time of one call, mean of `repeats`."""
    begun = process_time()
    for _ in range(repeats):
        call()
    return (process_time() - begun) / repeats * 1e6


def scenario(peer: Peer, before: Body, within: Body, repeats: int) -> float:
    """Microseconds that a peer takes, less those of the draws alone."""

    def whole() -> None:
        before()
        peer(within)

    def bare() -> None:
        before()
        within()

    return microseconds(whole, repeats) - microseconds(bare, repeats)


SCENARIOS: dict[str, tuple[Body, Body]] = {
    "no draw": (nothing, nothing),
    "a draw of each within": (nothing, draws),
    "draws before and within": (draws, draws),
}


def times(found: dict[str, Peer]) -> dict[str, dict[str, float]]:
    """Medians of interleaved rounds, by peer and scenario."""
    samples: dict[str, dict[str, list[float]]] = {
        name: {title: [] for title in SCENARIOS} for name in found
    }
    for _ in range(ROUNDS):
        for name, peer in found.items():
            repeats = SLOW_REPEATS if name == SLOW else REPEATS
            for title, (before, within) in SCENARIOS.items():
                random.seed(1)
                np.random.seed(1)  # noqa: NPY002 - as above
                torch.manual_seed(1)
                draws()  # so that no draw that is timed makes the next block of numbers
                samples[name][title].append(scenario(peer, before, within, repeats))
    return {
        name: {title: median(values) for title, values in rows.items()}
        for name, rows in samples.items()
    }


GENERATOR = np.random.default_rng(1)
STREAM = random.Random(1)
TORCH_GENERATOR = torch.Generator().manual_seed(1)
HELD = (GENERATOR, STREAM, TORCH_GENERATOR)


def numba_probe() -> Callable[[], object] | None:
    """A normal deviate from numba's own stream; None without numba."""
    try:
        njit: Any = importlib.import_module("numba").njit
    except ImportError:
        return None
    draw: Callable[[], object] = njit(lambda: np.random.normal(0.0, 1.0))  # noqa: NPY002 - as above
    draw()
    return draw


def probes() -> dict[str, tuple[Body, Callable[[], object]]]:
    """What is done before capturing, and the draw that should come again, by what they show."""
    found: dict[str, tuple[Body, Callable[[], object]]] = {
        "python": (nothing, random.random),
        "python's second normal": (lambda: random.gauss(0, 1), lambda: random.gauss(0, 1)),
        "numpy": (nothing, np.random.rand),
        "numpy's second normal": (np.random.standard_normal, np.random.standard_normal),
        "numpy over PCG64": (
            partial(mtrand.set_bit_generator, np.random.PCG64(1)),
            np.random.rand,
        ),
        "torch": (nothing, lambda: torch.rand(1).item()),
        "torch's second normal": (lambda: torch.randn(1), lambda: torch.randn(1).item()),
        "a held Generator": (nothing, GENERATOR.random),
        "its children": (nothing, lambda: GENERATOR.spawn(1)[0].random()),  # noqa: PLW0108 - a new child each time
        "a held random.Random": (nothing, STREAM.random),
        "a held torch.Generator": (
            nothing,
            lambda: torch.rand(1, generator=TORCH_GENERATOR).item(),
        ),
    }
    draw = numba_probe()
    if draw is not None:
        found["numba"] = (nothing, draw)
        found["numba's second normal"] = (draw, draw)
    return found


def misses(peer: Peer) -> list[str]:
    """The probes whose draw did not come again."""
    return [
        title for title, (before, draw) in probes().items() if not comes_again(peer, before, draw)
    ]


def comes_again(peer: Peer, before: Body, draw: Callable[[], object]) -> bool:
    """Whether a draw gives the same after restoring as it gave after capturing."""
    original = mtrand.get_bit_generator()
    drawn: list[object] = []
    try:
        before()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer(lambda: drawn.append(draw()))
        return draw() == drawn[0]
    except Exception:  # noqa: BLE001 - a peer that raises has not restored
        return False
    finally:
        mtrand.set_bit_generator(original)


def show(
    table: dict[str, dict[str, float]], missed: dict[str, list[str]], absent: dict[str, str]
) -> None:
    """Print both tables."""
    fastest = {
        title: min(row[title] for name, row in table.items() if not name.startswith("repro_nb"))
        for title in SCENARIOS
    }
    print(f"{'µs, and times the fastest peer':30}" + "".join(f"{title:>26}" for title in SCENARIOS))
    for name, row in table.items():
        cells = (f"{row[title]:16.1f} x{row[title] / fastest[title]:8.2f}" for title in SCENARIOS)
        print(f"{name:30}" + "".join(cells))
    print("\nwhat did not come again")
    for name, titles in missed.items():
        print(f"{name:30} {', '.join(titles) or 'nothing'}")
    for name, reason in absent.items():
        print(f"{name:30} cannot be compared here: {reason}")


def main() -> None:
    """Measure, print and write."""
    found, absent = peers()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = times(found)
        probes()  # loads numba, if it is there
        table["repro_nb, numba loaded too"] = times({"": ours})[""]
        missed = {name: misses(peer) for name, peer in found.items()}
        missed["repro_nb, with held ones"] = misses(ours_with_held)
    show(table, missed, absent)
    RESULTS.parent.mkdir(exist_ok=True)
    report = {
        "schema": "repro_nb/benchmark-seeding/1",
        "python": sys.version,
        "torch": torch.__version__,
        "microseconds": table,
        "missed": missed,
        "absent": absent,
    }
    RESULTS.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
