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
    "missing = None\nrng = np.random.default_rng(missing)": {},
    "rng, n = np.random.default_rng(6), 1": {"rng": "np.random.default_rng(6)"},
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


@pytest.mark.parametrize(
    ("cell", "draws"),
    [
        ("print(np.random.rand()); np.random.seed(0)", ("numpy",)),
        ("np.random.seed(int(np.random.rand() * 9) + 1)", ("numpy",)),
        ("x = random.choice([1, 2]); seed_all(3)", ("python",)),
        ("torch.rand(1); torch.manual_seed(2)", ("torch",)),
        ("np.random.seed(0); state = np.random.get_state()", ()),
        ("def roll(): return np.random.rand()\nnp.random.seed(0)", ()),
        ("if False:\n    np.random.rand()\nnp.random.seed(0)", ()),
        ("rng.normal; np.random.get_state(); np.random.seed(0)", ()),
    ],
)
def test_a_draw_that_a_seeding_call_covers_up_is_told(
    notebook: Notebook, cell: str, draws: tuple[str, ...]
) -> None:
    """The state after the cell shows the seeding alone; the code shows the draw before it."""
    notebook.run(PREAMBLE)
    record = notebook.run(cell)
    assert (record.draws, record.recorder_error) == (draws, None)


SUMMARIES = {
    "sim = Sim()": {"sim.rng": "seed 3"},
    "rngs = [np.random.default_rng(i) for i in range(2)]": {
        "rngs[0]": "seed 0",
        "rngs[1]": "seed 1",
    },
    "a, b = np.random.default_rng(1), np.random.default_rng()": {
        "a": "np.random.default_rng(1)",
        "b": "unseeded",
    },
    "c = make()": {"c": "seed 5"},
    "d = np.random.default_rng(7).spawn(2)[1]": {"d": "seed 7, child 1"},
    "e = [np.random.default_rng([1, 2])]": {"e[0]": "a given seed"},
    "g = [np.random.default_rng(2**127)]": {"g[0]": "unknown"},
    "h = [np.random.default_rng(None) for _ in range(1)]": {"h[0]": "unseeded"},
    "j = {'k': random.Random(4)}": {"j['k']": "unknown"},
    "k = [random.Random()]": {"k[0]": "unseeded"},
    "m = random.Random()\nm.seed(3)": {"m": "m.seed(3)"},
    "n = [np.random.RandomState(4)]": {"n[0]": "unknown"},
    "o = torch.Generator()": {"o": "torch's default seed"},
    "p = [torch.Generator().manual_seed(9)]": {"p[0]": "seed 9"},
    "q = torch.Generator(); q.seed()": {"q": "unseeded"},
    "r = np.random.Generator(bits)": {"r": "unknown"},
    "u = [np.random.default_rng(abs(2**127))]": {"u[0]": "unknown"},
}
MAKERS = """
class Sim:
    def __init__(self): self.rng = np.random.default_rng(3)
def make(): return np.random.default_rng(5)
bits = np.random.PCG64(2**127)
"""


@pytest.mark.parametrize("cell", SUMMARIES)
def test_a_generator_counts_as_unseeded_on_proof_alone(notebook: Notebook, cell: str) -> None:
    notebook.run(PREAMBLE + MAKERS)
    notebook.run(cell)
    rows = {row.name: row for row in notebook.recorder.summary()}
    told = {
        name: rows[name].seeded or ("unseeded" if rows[name].unseeded else "unknown")
        for name in SUMMARIES[cell]
    }
    assert told == SUMMARIES[cell]


def test_a_seeding_that_no_call_was_found_for_leaves_no_claim(notebook: Notebook) -> None:
    notebook.run(
        PREAMBLE
        + "own = random.Random()\nclass Setup:\n  noise = own\n"
        + "  def run(self): self.noise.seed(1); random.seed(1)"
    )
    notebook.run("own.random(); random.random(); setup = Setup()")
    rows = {row.name: row for row in notebook.recorder.summary()}
    assert rows["own"].unseeded
    assert rows["python"].unseeded
    notebook.run("setup.run(); own")
    rows = {row.name: row for row in notebook.recorder.summary()}
    assert not rows["own"].unseeded
    assert not rows["python"].unseeded
