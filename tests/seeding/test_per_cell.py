"""Streams of their own for each cell: run again, run in any order, edit another cell, and get the same numbers."""

import random

import pytest
from fresh_python import in_fresh_python
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_shell import Notebook

from repro_nb.errors import UsageError
from repro_nb.seeding import set_global_seed
from repro_nb.seeding.per_cell import seed_per_cell

DRAWS = (
    "x = random.random(), np.random.rand(), float(torch.rand(())), rng.normal(), random.gauss(0, 1)"
)


@pytest.fixture
def cells(live: Notebook):
    """Runs cells by id, and gives what they drew; each cell has streams of its own."""
    live.run(
        "import random\nimport numpy as np, torch\nrng = np.random.default_rng(9)",
        cell_id="imports",
    )
    seed_per_cell(42)

    def run(cell_id: str, source: str = DRAWS):
        record = live.run(source, cell_id=cell_id)
        assert record.recorder_error is None
        return live.shell.user_ns["x"]

    return run


# That the shell is the same for all examples is the point: what ran before must not matter.
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.lists(st.sampled_from("abcd"), min_size=2, max_size=8))
def test_numbers_depend_on_the_cell_alone(cells, order):
    """Whatever the order, and however often."""
    seen = {}
    for cell in order:
        numbers = cells(cell)
        assert seen.setdefault(cell, numbers) == numbers
    assert len(set(seen.values())) == len(seen)


def test_editing_another_cell_changes_nothing(cells):
    """Cell b draws the same, whatever stands in cell a; and in itself, its next numbers stay in place."""
    cells("a")
    expected = cells("b")
    cells("a", f"{DRAWS}\nrandom.random(), rng.normal(size=7), np.random.rand(3)")
    assert cells("b") == expected
    assert cells("b", f"# a comment\n{DRAWS}") == expected


def test_another_seed_gives_other_numbers(cells):
    """The seed takes part, in held generators too."""
    first = cells("a")
    seed_per_cell(43)
    second = cells("a")
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_sources_do_not_share_a_stream(cells):
    """Python's and numpy's are twisters both: seeded alike they would be correlated."""
    cells("a", "x = random.random(), np.random.rand()")
    one, two = cells("a", "x = random.random(), np.random.rand()")
    random.seed(42)
    assert one != two
    assert one != random.random()


def test_without_cell_ids_text_and_turn_stand_in(cells, live: Notebook):
    """A terminal and nbconvert send none: cells of one text are told apart by their turn, as two cells may be alike."""

    def session_of_three():
        live.recorder._texts.clear()
        numbers = []
        for cell in (DRAWS, DRAWS, f"{DRAWS}  # other"):
            live.run(cell)
            numbers.append(live.shell.user_ns["x"])
        return numbers

    first = session_of_three()
    assert len(set(first)) == 3
    assert session_of_three() == first


def test_the_record_tells_who_seeded(cells, live: Notebook):
    """Sources are seeded per cell, and drawn from; nothing drew between cells."""
    cells("a")
    cells("b")
    record = live.recorder.records[-1]
    assert record.between == ()
    assert record.seeded["numpy"] == record.seeded["rng"] == "per-cell seed 42"
    assert {"python", "numpy", "torch", "rng"} <= set(record.draws)


def test_a_cell_without_draws_draws_nothing(cells, live: Notebook):
    """That its streams were set is no draw."""
    cells("quiet", "x = 1")
    assert live.recorder.records[-1].draws == ()


def test_a_generator_made_in_the_cell_keeps_its_own_seed(cells):
    """default_rng(9) gives its numbers in the cell that makes it, and the cell's own in others."""
    import numpy as np

    made = cells("make", "rng = np.random.default_rng(9)\nx = rng.random()")
    assert made == np.random.default_rng(9).random()
    assert cells("use", "x = rng.random()") == cells("use", "x = rng.random()") != made


def test_only_some_sources(live: Notebook):
    """With names, the others and held generators go on as ever."""
    live.run("import random, numpy as np\nrng = np.random.default_rng(1)")
    seed_per_cell(42, only=("numpy",))
    cell = "x = np.random.rand(), random.random(), rng.random()"
    live.run(cell, cell_id="a")
    first = live.shell.user_ns["x"]
    live.run(cell, cell_id="a")
    second = live.shell.user_ns["x"]
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert first[2] != second[2]


def test_an_ordinary_seed_ends_it(cells):
    """set_global_seed has one stream go on from cell to cell again."""
    set_global_seed(1, deterministic=False)
    assert cells("a", "x = random.random()") != cells("a", "x = random.random()")


def test_it_needs_cells():
    """Outside a recorded notebook there are none."""
    with pytest.raises(UsageError, match="no cells here"):
        seed_per_cell(42)


def test_libraries_imported_by_the_cell_draw_from_its_stream():
    """Import and draw in one cell: the same numbers when the cell is run again."""
    lines = in_fresh_python(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from traitlets.config import Config\n"
        "shell = InteractiveShell(config=Config(HistoryManager=dict(enabled=False)))\n"
        "shell.run_line_magic('load_ext', 'repro_nb')\n"
        "from repro_nb.seeding.per_cell import seed_per_cell\nseed_per_cell(42)\n"
        "import sys; assert 'numpy.random' not in sys.modules\n"
        "for _ in range(2):\n"
        "    shell.run_cell('import numpy as np\\nprint(np.random.rand())', cell_id='a')\n"
    )
    assert len(lines) == 2
    assert lines[0] == lines[1]
