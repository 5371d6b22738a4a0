"""%repro_seed --per-cell, %repro_history and %repro_restore, in real kernels."""

import re

import pytest
from live_kernel import Kernel, text_of


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A kernel that has loaded the extension; its cells count from where the last test stopped."""
    kernel = Kernel(tmp_path_factory.mktemp("shared"))
    kernel.run("%load_ext repro_nb")
    kernel.run("import random, numpy as np, torch")
    yield kernel
    kernel.stop()


@pytest.fixture
def fresh(tmp_path):
    """A kernel of the test's own."""
    kernel = Kernel(tmp_path)
    kernel.run("%load_ext repro_nb")
    yield kernel
    kernel.stop()


def test_a_cell_is_drawn_again_after_time_travel(fresh):
    """Unseeded numbers, a held generator: back to In [4], by the number in its prompt."""
    fresh.run("import random, numpy as np, torch\nrng = np.random.default_rng()")
    cell = "x = [random.random(), np.random.rand(), torch.rand(()).item(), rng.normal()]\nx"
    seen = [fresh.run(cell).result for _ in range(3)]
    assert len(set(seen)) == 3
    said = text_of(fresh.run("%repro_restore 4"))
    assert "where it was when In [4]: x = [random.random()" in said
    assert "Restored: python, numpy, torch, rng." in said
    assert "Variables are as they were" in said
    assert fresh.run(cell).result == seen[1]
    text_of(fresh.run("%repro_restore 4 --after"))
    assert fresh.run(cell).result == seen[2]


def test_undo_and_what_was_made_later(fresh):
    """One level of undo; a generator that did not exist then is named and left."""
    fresh.run("import random\nfirst = random.random()")
    fresh.run("late = random.Random()\nsecond = random.random()")
    said = text_of(fresh.run("%repro_restore [2]"))
    assert "Left as it is: late (made later)." in said
    assert "Undone" in text_of(fresh.run("%repro_restore --undo"))
    third = fresh.value("random.random()")
    fresh.run("%repro_restore 3")
    assert fresh.value("random.random() == second") == "True"
    assert fresh.value("random.random()") == third


def test_a_cell_can_be_named_by_the_front_ends_id(fresh):
    """Its last execution counts."""
    fresh.run("import random")
    for _ in range(2):
        fresh.run("x = random.random()", cellId="a-cell")
    fresh.run("%repro_restore a-cell")
    assert fresh.value("random.random() == x") == "True"


@pytest.mark.parametrize("line", ["", "99", "nobody", "1 --undo", "--undo --after", "--nope", "0"])
def test_a_wrong_line_is_one_sentence_and_changes_nothing(shared, line):
    """The user reads what is wrong, and what would be right."""
    shared.run("before = random.getstate()")
    answer = shared.run(f"%repro_restore {line}")
    assert answer.error == "UsageError"
    assert answer.stderr.startswith("UsageError: ")
    assert shared.value("random.getstate() == before") == "True"


def test_the_history_lists_what_each_cell_drew_seeded_and_made(fresh):
    """Cells that touched no source are left out; --idle shows them."""
    assert "No cell has drawn yet." in text_of(fresh.run("%repro_history"))
    fresh.run("import random, numpy as np")
    fresh.run("np.random.seed(3); rng = np.random.default_rng()")
    fresh.run("x = np.random.rand() + rng.normal() + random.random()")
    fresh.run("y = 1")
    table = text_of(fresh.run("%repro_history"))
    rows = {
        found[0]: line for line in table.splitlines() if (found := re.match(r"In \[\d+\]", line))
    }
    assert list(rows) == ["In [4]", "In [5]"]
    assert re.search(
        r"numpy: np\.random\.seed\(3\) +rng +np\.random\.seed\(3\); rng", rows["In [4]"]
    )
    assert re.search(r"python, numpy, rng", rows["In [5]"])
    assert "In [6]" not in text_of(fresh.run("%repro_history --all"))
    assert "In [6]" in text_of(fresh.run("%repro_history --idle"))


def test_a_long_history_shows_its_end(fresh):
    """The last thirty cells, and how to see the others."""
    fresh.run("import random")
    fresh.run("for n in range(40): get_ipython().run_cell('random.random()', store_history=True)")
    lines = text_of(fresh.run("%repro_history")).splitlines()
    (line,) = [line for line in lines if "earlier" in line]
    assert re.fullmatch(r"\d+ earlier cells: %repro_history --all", line)
    assert sum(line.startswith("In [") for line in lines) == 30
    whole = text_of(fresh.run("%repro_history --all")).splitlines()
    assert sum(line.startswith("In [") for line in whole) >= 40


def test_many_generators_take_one_field(fresh):
    """Those of one container are one name, and few of the lines that pin them are shown."""
    fresh.run("import random, numpy as np")
    fresh.run(
        "rngs = {n: np.random.default_rng() for n in range(60)}\nown = np.random.default_rng()"
    )
    fresh.run("x = [rng.random() for rng in rngs.values()]")
    said = text_of(fresh.run("%repro_history"))
    assert re.search(r"In \[4\]  rngs\[0…59\] \(60\)  ", said)
    assert said.count("its very stream") == 5
    assert "and 56 more: %repro_history --all" in said
    assert text_of(fresh.run("%repro_history --all")).count("its very stream") == 61
    said = text_of(fresh.run("%repro_restore 2"))
    assert "Left as it is: own, rngs[0…59] (60) (made later)." in said


def test_a_cell_that_touched_many_names_tells_a_few(fresh):
    """Six in a field of the history, ten in what was restored."""
    names = [f"g{n:02}" for n in range(14)]
    fresh.run("import random\n" + "\n".join(f"{name} = random.Random(1)" for name in names))
    fresh.run(f"x = [g.random() for g in ({', '.join(names)})]")
    assert "g00, g01, g02, g03, g04, g05 and 8 more" in text_of(fresh.run("%repro_history"))
    assert "g13" in text_of(fresh.run("%repro_history --all"))
    assert "Restored: python, g00, g01" in (said := text_of(fresh.run("%repro_restore 3")))
    assert "g08 and 5 more." in said


def test_streams_of_each_cell_are_told_once(fresh):
    """Not in the row of each cell; a cell that drew nothing has none."""
    fresh.run("import random")
    fresh.run("%repro_seed 42 --per-cell", cellId="seed")
    fresh.run("random.random()", cellId="one")
    fresh.run("y = 1", cellId="two")
    said = text_of(fresh.run("%repro_history"))
    assert said.splitlines()[0] == (
        "Each cell from In [3] on has streams of its own: per-cell seed 42."
    )
    assert said.count("per-cell seed") == 1
    assert re.findall(r"^In \[\d+\]", said, re.MULTILINE) == ["In [4]"]
    fresh.run("%repro_seed 7", cellId="seed")
    assert "Each cell from In [3] to In [6] has" in text_of(fresh.run("%repro_history"))


def test_the_line_that_pins_an_unseeded_generator_gives_its_very_stream(fresh):
    """The message's line, run as it stands, makes the same numbers."""
    fresh.run("import numpy as np\nrng = np.random.default_rng()\nfirst = rng.random(3)")
    for magic in ("%repro_history", "%repro_seed"):
        (line,) = re.findall(
            r"stream.*: (rng = np\.random\.default_rng\(0x[0-9a-f]+\))", text_of(fresh.run(magic))
        )
        fresh.run(line)
        assert fresh.value("(rng.random(3) == first).all()") == "True"
        fresh.run("rng = np.random.default_rng()\nfirst = rng.random(3)")


@pytest.mark.parametrize(
    "make",
    [
        "np.random.Generator(np.random.Philox())",
        "np.random.RandomState()",
        "np.random.default_rng().spawn(2)[1]",
        "np.random.RandomState(np.random.PCG64())",
    ],
)
def test_generators_of_any_kind_can_be_pinned(shared, make):
    """Children and legacy generators too."""
    shared.run(f"import numpy as np\ngen = {make}\nfirst = gen.uniform(size=3)")
    (line,) = re.findall(r": (gen = np\.random\..*)", text_of(shared.run("%repro_history")))
    shared.run(line)
    assert shared.value("(gen.uniform(size=3) == first).all()") == "True"


def test_a_key_drawn_from_in_two_cells_is_told(fresh):
    """In the history, with the cells and the functions."""
    fresh.run("import jax\nkey = jax.random.key(0)")
    fresh.run("a = jax.random.normal(key)")
    fresh.run("b = jax.random.uniform(key)")
    said = text_of(fresh.run("%repro_history"))
    assert "normal in In [3], uniform in In [4]" in said


def test_per_cell_streams_follow_the_front_ends_cell(shared):
    """Run again, and out of order: the same numbers. Without ids the message says what stands in."""
    said = text_of(shared.run("%repro_seed 42 --per-cell", cellId="seed-cell"))
    assert "each cell has streams of its own" in said
    assert "no cell ids" not in said
    one = shared.run("np.random.rand(), random.random()", cellId="one").result
    two = shared.run("np.random.rand(), random.random()", cellId="two").result
    assert one != two
    assert shared.run("np.random.rand(), random.random()", cellId="one").result == one
    assert "no cell ids" in text_of(shared.run("%repro_seed 42 --per-cell"))
    shared.run("%repro_seed 1")


def test_only_the_named_sources_are_seeded(shared):
    """The others go on; an unknown name is refused with the known ones."""
    shared.run("before = random.getstate()")
    assert "Seeded numpy with 5" in text_of(shared.run("%repro_seed 5 --only numpy"))
    assert shared.value("random.getstate() == before") == "True"
    assert shared.value("np.random.rand()") == "0.22199317108973948"
    answer = shared.run("%repro_seed 5 --only numpy,nampy")
    assert answer.error == "UsageError"
    assert "there is no source named nampy" in answer.stderr
    assert "python, numpy, torch" in answer.stderr


def test_a_floating_hash_seed_is_told_with_the_way_out(shared):
    """A running kernel cannot fix it."""
    said = text_of(shared.run("%repro_seed 3"))
    assert "Hash seed: floats" in said
    assert "repro-nb kernel install" in said


def test_per_cell_and_deterministic_go_together(fresh):
    """The mode comes on once, however often the cell is run."""
    for _ in range(3):
        text_of(fresh.run("%repro_seed 42 --per-cell --deterministic"))
    fresh.run("from repro_nb.deterministic.active import active")
    assert fresh.value("len(active.enabled)") == "1"


def test_what_is_shown_is_escaped(fresh):
    """A cell's text never becomes markup."""
    fresh.run("import random\nrandom.random(); '<script>alert(1)</script>'")
    (data,) = fresh.run("%repro_history").shown
    assert "<script>" not in data["text/html"]
    (data,) = fresh.run("%repro_restore 2").shown
    assert "<script>" not in data["text/html"]


def test_trial_runs_leave_no_keys_in_the_record(fresh):
    """The record of a cell that was run three times tells the keys of one run."""
    fresh.run("import jax\nkey = jax.random.key(0)")
    fresh.run("%%deterministic --runs 3\nx = jax.random.normal(key)")
    assert "jax (1 key)" in text_of(fresh.run("%repro_history"))


def test_a_generator_that_was_dropped_is_told_with_its_line(fresh):
    """Used once inside an expression: the line that made it, and what makes it again."""
    fresh.run("import numpy as np")
    fresh.run("y = 1\nx = float(np.random.default_rng().random())")
    said = text_of(fresh.run("%repro_history"))
    (made,) = re.findall(
        r"In \[3\], line 2: .*very stream: (np\.random\.default_rng\(0x[0-9a-f]+\))", said
    )
    assert fresh.value(f"{made}.random() == x") == "True"


def test_going_back_says_how_far_it_reaches_where_each_cell_has_its_own_streams(fresh):
    """The next cell begins in its own."""
    fresh.run("%repro_seed 1 --per-cell", cellId="a")
    fresh.run("import random\nx = random.random()", cellId="b")
    assert "reaches no further than this cell" in text_of(fresh.run("%repro_restore 3"))
