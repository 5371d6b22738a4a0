"""Which calls of a cell count as seeding, by whatever name they go."""

import pytest
from recorded_shell import Notebook

PREAMBLE = """
import random, torch
import numpy as np
from numpy.random import seed as s
from random import seed
def seed_all(n):
    import torch as t
    from numpy import random as r
    random.seed(n); r.seed(n); t.manual_seed(n)
def unrelated(n): return n
class Trainer:
    def seed_all(self, n): torch.manual_seed(n)
trainer = Trainer()
rng = np.random.default_rng()
gen = torch.Generator()
"""

CELLS = {
    "np.random.seed(0)": {"numpy": "np.random.seed(0)"},
    "s(3)": {"numpy": "s(3)"},
    "seed(4)": {"python": "seed(4)"},
    "%time random.seed(1)": {},
    "%%time\nx = 1\n%who\nrandom.seed(21)": {"python": "random.seed(21)"},
    "random.seed()": {},
    "np.random.seed(None)": {},
    "torch.seed()": {},
    "unrelated(3); random.random()": {},
    "if True:\n    seed_all(9)": dict.fromkeys(("python", "numpy", "torch"), "seed_all(9)"),
    "trainer.seed_all(77)": {"torch": "initial seed 77"},
    "rng = np.random.default_rng(42)": {"rng": "np.random.default_rng(42)"},
    "rng = np.random.Generator(np.random.PCG64(5))": {
        "rng": "np.random.Generator(np.random.PCG64(5))"
    },
    "rng = np.random.Generator(np.random.PCG64())": {},
    "rng = np.random.default_rng(None)": {},
    "gen.manual_seed(3)": {"gen": "gen.manual_seed(3)"},
    "gen = torch.Generator().manual_seed(8)": {"gen": "torch.Generator().manual_seed(8)"},
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_seeding_call_is_told_as_written(notebook: Notebook, cell: str) -> None:
    notebook.run(PREAMBLE)
    record = notebook.run(cell)
    assert dict(record.seeded) == CELLS[cell]
    assert record.recorder_error is None


def test_seeding_alone_is_no_draw(notebook: Notebook) -> None:
    notebook.run(PREAMBLE)
    assert notebook.run("seed_all(5)").draws == ()
    assert set(notebook.run("seed_all(5); random.random(); torch.rand(1)").draws) == {
        "python",
        "torch",
    }


def test_unseeding_takes_the_seed_from_the_summary(notebook: Notebook) -> None:
    notebook.run("import random; random.seed(1)")
    notebook.run("random.seed()")
    assert {row.name: row.seeded for row in notebook.recorder.summary()}["python"] is None
