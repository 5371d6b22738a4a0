"""Global streams: seeded before the user's code can draw, and unseen by the recorder."""

import pytest

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.streams import StreamFactor, stream_factors
from repro_nb.records import CellRecord, FactorUse
from repro_nb.rerun.vary import pinned, plain
from repro_nb.rng import sources

FACTORS = {factor.name: factor for factor in stream_factors()}
CELLS = (
    "import random\nprint(random.random())",
    "import numpy.random as r\nprint(r.rand(), r.mtrand._rand.rand())",
    "import torch\nprint(torch.rand(1))",
    (
        "from torch.utils.data import DataLoader\n"
        "print([batch.tolist() for batch in DataLoader(range(6), shuffle=True, num_workers=2)])"
    ),
    "from sklearn.model_selection import train_test_split as split\nprint(split(range(9)))",
    (
        "import multiprocessing\ndef child(_):\n    import time; time.sleep(0.1)\n    return random.random()\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(sorted(pool.map(child, range(2), chunksize=1)))"
    ),
    "random.seed(1); r.seed(2); torch.manual_seed(3)\nprint(random.random(), r.rand(), torch.rand(1))",
    "print(random.random(), r.rand(), torch.rand(1))",
)
NAMES = ("python", "numpy", "torch")


@pytest.fixture(scope="module")
def pinned_runs(rerun_once):
    """The same notebook, twice, with everything pinned."""
    return [rerun_once(*CELLS) for _ in range(2)]


@pytest.fixture(scope="module")
def varied_runs(rerun_once):
    """With the stream of one library at another value, by its name."""
    return {name: rerun_once(*CELLS, plan=pinned({name: 0})) for name in NAMES}


def test_pinned_streams_repeat(pinned_runs):
    """Also in the workers of a DataLoader, in forked children and in what a library draws."""
    first, second = pinned_runs
    assert first.texts == second.texts


@pytest.mark.parametrize(
    ("name", "cells"), [("python", [0, 5]), ("numpy", [1, 4]), ("torch", [2, 3])]
)
def test_another_seed_changes_what_is_drawn_before_the_users_own(
    name, cells, pinned_runs, varied_runs
):
    """And nothing else: not the other libraries, and not what follows the user's seeding."""
    pairs = enumerate(zip(pinned_runs[0].texts, varied_runs[name].texts, strict=True))
    assert [index for index, (pin, other) in pairs if pin != other] == cells


def test_the_recorder_tells_what_it_tells_without_pins(pinned_runs, rerun_once):
    """No seeding and no draw of ours is in a record, and each of the user's is."""
    free = rerun_once(*CELLS, plan=plain)
    for pin, plainly in zip(pinned_runs[0].records, free.records, strict=True):
        facts = [(r.draws, r.between, r.appeared, r.seeded, r.kinds) for r in (pin, plainly)]
        assert facts[0] == facts[1]


def test_libraries_that_were_drawn_from_unseeded_are_active(pinned_runs):
    """And no other."""
    assert [n for n, factor in FACTORS.items() if factor.is_active(pinned_runs[0].traces)] == [
        *NAMES
    ]


def test_a_fork_is_noted_for_pythons_stream(pinned_runs):
    """Its children draw where no record shows it."""
    told = pinned_runs[0].told("python")
    assert {(call, cell) for call, cell, *_ in told} >= {("os.fork", "cell-5")}


def test_tensorflow_and_numba_are_seeded_when_they_are_imported(rerun):
    """With the very seed of the setting: setting it again gives the same numbers once more."""
    seed = FACTORS["tensorflow"].pin(None).held
    run = rerun(
        "import numba, numpy as np, random\n"
        "@numba.njit\ndef draw():\n    return np.random.rand(), random.random()\n"
        f"@numba.njit\ndef reseed():\n    np.random.seed({seed}); random.seed({seed})\n"
        "print(draw()); reseed(); print(draw())",
        f"import tensorflow as tf\nprint(tf.random.uniform([1]).numpy())\ntf.random.set_seed({seed})\n"
        "print(tf.random.uniform([1]).numpy())",
    )
    for text in run.texts:
        first, second = text.strip().splitlines()
        assert first == second
    assert FACTORS["numba"].is_active(run.traces)


def test_each_source_is_a_factor_of_its_own():
    """Those that other packages add, too."""
    assert list(FACTORS) == [source.name for source in sources()]


def test_the_seeds_differ_from_round_to_round():
    """And from the pinned one; they are integers that every library takes."""
    factor = FACTORS["numpy"]
    settings = [factor.pin(None), *(factor.vary(None, number) for number in range(5))]
    assert len({setting.value for setting in settings}) == 6
    assert all(0 <= int(setting.held) < 2**32 for setting in settings)


def record(order: int, *, draws=(), seeded=None, uses=()) -> CellRecord:
    """A cell that drew and seeded."""
    return CellRecord(
        cell_id=str(order),
        order=order,
        source_digest="",
        status="ok",
        seconds=0.0,
        draws=draws,
        seeded=seeded or {},
        uses=uses,
    )


SEED = {"numpy": "np.random.seed(0)"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("x = np.random.rand()", ("numpy",), {})], True),
        ([("rng.random()", ("rng",), {})], False),
        ([("np.random.seed(0)", (), SEED), ("np.random.rand()", ("numpy",), {})], False),
        ([("np.random.rand()", ("numpy",), {}), ("np.random.seed(0)", (), SEED)], True),
        ([("n = 3\nnp.random.seed(0)\nnp.random.rand()", ("numpy",), SEED)], False),
        ([("np.random.rand()\nnp.random.seed(0)", ("numpy",), SEED)], True),
        ([("import x\nprint('go')\nnp.random.seed(0); np.random.rand()", ("numpy",), SEED)], False),
        ([("%matplotlib inline\nnp.random.seed(0); np.random.rand()", ("numpy",), SEED)], False),
    ],
    ids=[
        "unseeded",
        "a generator of its own",
        "seeded in an earlier cell",
        "seeded too late",
        "seeded first in the same cell",
        "seeded after the draw in the same cell",
        "nothing that draws comes first",
        "magics draw nothing",
    ],
)
def test_a_stream_is_active_when_it_is_drawn_from_before_it_is_seeded(cells, expected):
    """By the cells' order of execution."""
    records = [record(n, draws=d, seeded=s) for n, (_, d, s) in enumerate(cells)]
    traces = Traces(records, [text for text, *_ in cells])
    assert FACTORS["numpy"].is_active(traces) is expected


def test_a_devices_stream_belongs_to_its_library():
    """``torch.cuda:0`` is torch's, and Python's own has nothing to do with it."""
    traces = Traces([record(0, draws=("torch.cuda:0",))], ["torch.rand(1, device='cuda')"])
    assert FACTORS["torch"].is_active(traces)
    assert not FACTORS["python"].is_active(traces)


def test_a_noted_fork_makes_pythons_stream_active():
    """Even where the process itself drew nothing."""
    use = FactorUse("python", "os.fork", "0", 1, "pool.map(f, x)")
    assert FACTORS["python"].is_active(Traces([record(0, uses=(use,))], ["pool.map(f, x)"]))


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("numpy", "x = np.random.rand()", "`np.random.seed(42)`"),
        ("numpy", "KMeans(3).fit(x)", "`random_state=42`"),
        ("torch", "", "`torch.manual_seed(42)`"),
        ("python", "random.random()", "`random.seed(42)`"),
        ("tensorflow", "", "`tf.random.set_seed(42)`"),
    ],
)
def test_the_advice_fits_library_and_line(name, code, word):
    """A call that can be copied."""
    assert word in FACTORS[name].remedy(code)


def test_a_source_of_another_package_has_advice_too():
    """Without a call, which is not known."""

    class Other:
        name = "dice"
        module = "dice"

    assert "dice" in StreamFactor(Other()).remedy("dice.roll()")
