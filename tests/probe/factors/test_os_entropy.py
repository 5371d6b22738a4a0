"""Entropy of the operating system: noted with its line, held, and like the real one in all else."""

import sys

import pytest
from fresh_python import in_fresh_python
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.probe.factors.numpy_makers import maker_at
from repro_nb.probe.factors.os_entropy import OsEntropy
from repro_nb.probe.factors.placed_bytes import PlacedBytes
from repro_nb.probe.factors.uses import Place
from repro_nb.rerun.vary import pinned

HELPERS = "import numpy\n\ndef noise():\n    return numpy.random.default_rng().random()\n"
CELLS = (
    (
        "import os, random, secrets, threading, uuid\nimport numpy as np\nimport numpy.random as r\n"
        "from uuid import uuid4 as fresh_id\nfrom helpers import noise"
    ),
    "rng = np.random.default_rng()\nprint(rng.random())\nprint(r.PCG64().random_raw())",
    (
        "print(secrets.token_hex(4), fresh_id())\nprint(os.urandom(3).hex(), uuid.uuid1().node)\n"
        "print(random.SystemRandom().random())\nprint(random.Random().random())\n"
        "random.seed()\nprint(random.random())"
    ),
    (
        "def draw():\n    return np.random.RandomState(None).rand()\n\nclass Coin:\n    def __init__(self):\n"
        "        self.side = secrets.choice('ht' * 99)\n        self.serial = random.Random(None).random()\n"
        "print(draw(), Coin().side, Coin().serial)"
    ),
    "print(noise())",
    (
        "found = []\nthread = threading.Thread(target=lambda: found.append(os.urandom(4).hex()))\n"
        "thread.start(); thread.join(); print(found)"
    ),
    (
        "from multiprocessing import get_context\ndef child(_):\n    import time; time.sleep(0.1)\n"
        "    return os.urandom(4).hex()\n"
        "with get_context('fork').Pool(2) as pool: print(sorted(pool.map(child, range(2), chunksize=1)))"
    ),
    (
        "import torch\nprint(torch.seed() == torch.initial_seed(), torch.initial_seed())\n"
        "print(torch.Generator().seed(), torch.rand(1))"
    ),
    "np.random.seed(4)\nprint(np.random.rand(), np.random.RandomState(4).rand(), np.random.default_rng(3).random())",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the entropy alone is another."""
    files = {"helpers.py": HELPERS}
    plans = (pinned(), pinned(), pinned({"os-entropy": 0}))
    return [rerun_once(*CELLS, plan=plan, files=files) for plan in plans]


def test_a_pinned_notebook_gets_the_same_entropy_again(runs):
    """Generators without a seed, secrets and ids repeat: in functions, files, threads, forks and libraries."""
    assert runs[0].texts == runs[1].texts


def test_with_other_entropy_every_cell_that_asks_differs(runs):
    """And the one whose generators are all seeded stays as it was."""
    pairs = zip(runs[0].texts, runs[2].texts, strict=True)
    assert [a != b for a, b in pairs] == [False, *[True] * 7, False]


def test_the_line_that_makes_the_generator_is_named(runs):
    """With the call as users write it, in the cell where the line is."""
    told = runs[0].told("os-entropy")
    assert ("numpy.random.default_rng", "cell-1", 1, "rng = np.random.default_rng()") in told
    assert ("numpy.random.PCG64", "cell-1", 3, "print(r.PCG64().random_raw())") in told
    calls = {(call, line) for call, cell, line, _ in told if cell == "cell-2"}
    assert calls == {
        ("secrets.token_hex", 1),
        ("uuid.uuid4", 1),
        ("os.urandom", 2),
        ("uuid.uuid1", 2),
        ("random.SystemRandom.random", 3),
        ("random.Random", 4),
        ("random.seed", 5),
    }
    assert {line for _, cell, line, _ in told if cell == "cell-3"} == {2, 6, 7}
    assert {call for call, cell, *_ in told if cell == "cell-7"} == {
        "torch.seed",
        "torch.Generator.seed",
    }


def test_a_file_of_the_users_is_named_beside_the_cell(runs):
    """The cell's line called it; the file's line made the generator."""
    (use,) = (use for use in runs[0].uses("os-entropy") if use.cell == "cell-4")
    assert (use.code, use.file) == ("print(noise())", "helpers.py:4")


def test_imports_and_seeded_generators_are_no_use_of_it(runs):
    """Numpy asks for entropy even where it is given a seed, and when it is imported."""
    cells = {use.cell for use in runs[0].uses("os-entropy")}
    assert not cells & {"cell-0", "cell-8"}


def test_children_of_a_pool_do_not_repeat_one_another(runs):
    """Each fork has bytes of its own, the same in every run."""
    first, second = eval(runs[0].texts[6])
    assert first != second


def test_the_record_tells_the_bits_that_were_held(runs):
    """What rebuilds the generator is in the record, as without a pin."""
    (use,) = runs[0].records[4].entropy
    assert use.line == 4
    assert use.entropy == runs[1].records[4].entropy[0].entropy


def test_it_is_active_where_it_was_used(runs):
    """And not in a notebook that asks for none."""
    assert OsEntropy().is_active(runs[0].traces)


PLACE = Place("cell", 3, "os.urandom(4)", "", "__main__", importing=False)


@given(st.text(), st.integers(0, 3000))
def test_bytes_follow_from_place_and_salt(salt, size):
    """As many as asked for; the same for another process; others for the next call, line and salt."""
    first, second, other = PlacedBytes(salt), PlacedBytes(salt), PlacedBytes(salt + "!")
    taken = first.take(PLACE, size)
    assert (type(taken), len(taken)) == (bytes, size)
    assert taken == second.take(PLACE, size)
    if size > 16:
        later = first.take(PLACE, size)
        assert (
            len({taken, later, first.take(PLACE._replace(line=4), size), other.take(PLACE, size)})
            == 4
        )


@given(st.integers(1, 300))
def test_integers_have_no_more_bits_than_asked_for(bits):
    """So that numpy and uuid get what they take."""
    held = PlacedBytes("salt")
    assert all(0 <= held.integer(PLACE, bits) < 1 << bits for _ in range(20))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("np.random.RandomState(4)", True),
        ("np.random.RandomState(seed=None)", False),
        ("np.random.seed()", False),
        ("np.random.seed(given)", True),
        ("np.random.seed(nothing)", False),
        ("np.random.default_rng()", False),
        ("np.random.default_rng(given.imag)", False),
        ("np.random.RandomState(4), np.random.default_rng(3)", True),
        ("np.random.RandomState(4), np.random.default_rng()", False),
        ("np.random.RandomState(\n    given\n)", True),
    ],
)
def test_a_seed_is_seen_in_the_call(line, expected, tmp_path):
    """By the code of the line, and by what its names stand for."""
    path = tmp_path / "cell.py"
    path.write_text(f"given, nothing = 4j, None\n{line}\n")
    seen = []

    class Random:
        def __getattr__(self, name):
            return lambda *_, **__: seen.append(maker_at(sys._getframe(1)))

    class Numpy:
        random = Random()

    exec(compile(path.read_text(), str(path), "exec"), {"np": Numpy()})
    assert seen[0].is_seeded is expected


CONTRACT = """
import copy, inspect, os, pickle, random, secrets, sys, uuid
from repro_nb.probe.factors.os_entropy import OsEntropy
from repro_nb.probe.factors.uses import Uses
before = {name: inspect.signature(f) for name, f in
          [("urandom", os.urandom), ("seed", random.seed), ("Random", random.Random), ("uuid1", uuid.uuid1)]}
uses = Uses(); uses.begin("cell", "<string>")
OsEntropy().install(uses, "held")
after = {name: inspect.signature(f) for name, f in
         [("urandom", os.urandom), ("seed", random.seed), ("Random", random.Random), ("uuid1", uuid.uuid1)]}
assert before == after
def refusal(call, *given):
    try: call(*given)
    except Exception as error: return type(error).__name__
    return None
print([refusal(os.urandom, bad) for bad in (-1, "x", 1.5, None)])
print(refusal(os.getrandom, 4, 1 << 20), refusal(os.urandom))
class Lucky(random.Random):
    byte = os.urandom
    def __init__(self, name, **more): super().__init__(); self.name = name
lucky = Lucky("a", b=1)
print(type(random.Random()) is random.Random, isinstance(lucky, random.Random), len(lucky.byte(3)))
print(random.Random.__new__(random.Random).random() < 1)
rng = random.Random(); copied = copy.deepcopy(rng)
print(rng.random() == copied.random(), pickle.loads(pickle.dumps(rng)).random() == rng.random())
print([pickle.loads(pickle.dumps(f)) is f for f in (os.urandom, uuid.uuid1, random.Random.seed)])
print(*(random.Random(seed).random() == random.Random(seed).random() for seed in (5, "a")))
print(len({uuid.uuid4() for _ in range(100)}), len({secrets.token_bytes(8) for _ in range(100)}))
print(uuid.uuid4().version, uuid.uuid1(5, 6).node, uuid.uuid1().version)
print(len({random.Random().random() for _ in range(100)}))
"""


def test_what_is_held_keeps_its_contract():
    """Errors, signatures, classes, pickling and copying are as without the pin; no two values repeat."""
    assert in_fresh_python(CONTRACT) == [
        "['ValueError', 'TypeError', 'TypeError', 'TypeError']",
        "OSError TypeError",
        "True True 3",
        "True",
        "True True",
        "[True, True, True]",
        "True True",
        "100 100",
        "4 5 1",
        "100",
    ]


@pytest.mark.parametrize("module", ["test.test_random", "test.test_uuid"])
def test_pythons_own_tests_pass(module, standard_tests):
    """All of them, with entropy and Python's stream held; none is left out."""
    standard_tests(module, {"os-entropy": "held", "python": "5"})


def test_pythons_own_tests_of_urandom_pass(standard_tests):
    """Those of the system's functions; none is left out."""
    standard_tests("test.test_os", {"os-entropy": "held"})


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("rng = np.random.default_rng()", "default_rng(42)"),
        ("uuid.uuid4()", "uuid5"),
        ("random.Random()", "random.Random(42)"),
        ("torch.seed()", "manual_seed(42)"),
        ("", "default_rng(42)"),
    ],
)
def test_the_advice_fits_the_line(code, word):
    """It names the call that takes a seed."""
    assert word in OsEntropy().remedy(code)
