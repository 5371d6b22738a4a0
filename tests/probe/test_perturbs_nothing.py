"""The same notebook with and without the extension: everything that a user could see is the same."""

import json
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

SCRIPT = r"""
import gc, json, sys, threading
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

config = Config(); config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
thresholds = gc.get_threshold()
if sys.argv[1] == "with":
    shell.extension_manager.load_extension("repro_nb")
early = sorted({"numpy", "torch", "jax", "pandas"} & set(sys.modules))
cells = '''
import gc, random, sys, weakref; random.seed(1); seen = [random.random()]
import numpy as np; np.random.seed(2); seen += [np.random.rand(), np.random.randn(), random.gauss(0, 1)]
rng = np.random.default_rng(3); seen.append(rng.normal())
class Sim:
    shared = np.random.RandomState(5)
    def __init__(self): self.noise = np.random.Generator(np.random.Philox(4)); self.more = [rng, random.Random(6)]
    def step(self): return self.noise.normal() + rng.normal() + self.more[1].random()
sim = Sim(); names = {"rng": rng, "sim": sim}
seen += [sim.step() for _ in range(3)]; children = rng.spawn(2); seen.append(children[1].normal())
rng.bit_generator.seed_seq.n_children_spawned
counts = [sys.getrefcount(x) for x in (rng, rng.bit_generator, sim, Sim, sim.noise, sim.more, names, Sim.step)]; counts
again = [sys.getrefcount(x) for x in (rng, rng.bit_generator, sim, Sim, sim.noise, sim.more, names, Sim.step)]; again
import torch; torch.manual_seed(7); seen += torch.randn(3).tolist(); gen = torch.Generator().manual_seed(8)
seen += torch.rand(2, generator=gen).tolist()
[sys.getrefcount(x) for x in (gen, torch.default_generator, random._inst, np.random.mtrand._rand)]
import jax; key = jax.random.key(9); key, sub = jax.random.split(key); seen.append(float(jax.random.normal(sub)))
old = jax.random.PRNGKey(1); seen.append(float(jax.random.uniform(old))); (sys.getrefcount(old), old._npy_value)
1 / 0
seen += [random.random(), float(np.random.rand()), float(torch.rand(1))]; seen
_
sys.getrefcount(seen), weakref.getweakrefcount(Sim), len(gc.garbage)
'''.strip()
blocks, out = [], []
for line in cells.splitlines():
    if line.startswith(" "):
        blocks[-1] += "\n" + line
    else:
        blocks.append(line)
for block in blocks:
    result = shell.run_cell(block, store_history=True)
    out.append([repr(result.result), type(result.error_in_exec).__name__])
names = shell.user_ns
print("RESULT" + json.dumps({
    "cells": out, "seen": names["seen"], "early": early,
    "last": repr(names["_"]), "Out": sorted(names["Out"]),
    "names": sorted(name for name in names if not name.startswith("_")),
    "thresholds": [thresholds, gc.get_threshold()], "enabled": gc.isenabled(), "garbage": len(gc.garbage),
    "threads": sorted(thread.name for thread in threading.enumerate()),
}))
"""


@lru_cache(maxsize=2)
def run(how: str) -> dict[str, Any]:
    """The notebook's results in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True
    )
    results: dict[str, Any] = json.loads(done.stdout.rpartition("RESULT")[2])
    return results


FACETS = ["cells", "seen", "last", "Out", "names", "thresholds", "enabled", "garbage", "threads"]


@pytest.mark.parametrize("facet", FACETS)
def test_the_extension_changes_nothing_that_a_notebook_can_see(facet: str) -> None:
    assert run("with")[facet] == run("without")[facet]


def test_loading_the_extension_imports_no_framework() -> None:
    assert run("with")["early"] == []
