"""Time travel: random state goes back to where it was when a cell started, or ended."""

import pytest
from fresh_python import in_fresh_python
from recorded_shell import Notebook

from repro_nb.errors import RandomStateError, UsageError
from repro_nb.probe.session import session
from repro_nb.seeding.travel import go_back, undo

SETUP = """import random, numpy as np, torch
rng = np.random.default_rng()
model = {"noise": torch.Generator(), "streams": [random.Random(), np.random.RandomState()]}
"""
DRAW = """x = [random.gauss(0, 1), np.random.randn(), float(torch.randn(())), rng.normal(), rng.spawn(1)[0].random(),
    float(torch.rand((), generator=model["noise"])), model["streams"][0].gauss(0, 1), model["streams"][1].randn()]
"""


@pytest.fixture
def drawn(live: Notebook):
    """Runs a cell that draws from everything, and gives the numbers."""
    live.run(SETUP)

    def run() -> list[float]:
        live.run(DRAW)
        return live.shell.user_ns["x"]

    return run


def test_a_private_name_goes_back_too(live: Notebook):
    """A leading underscore is the user's; the shell's own names are not."""
    live.run("import numpy as np\n_rng = np.random.default_rng()")
    live.run("x = _rng.random()")
    assert "_rng" in go_back(2).restored
    live.run("assert x == _rng.random()")
    assert live.recorder.records[-1].status == "ok"


def test_every_source_goes_back_to_the_start_of_a_cell(drawn, live: Notebook):
    """Unseeded streams, held generators and their children draw the same numbers again."""
    first, second, third = drawn(), drawn(), drawn()
    trip = go_back(3)
    assert {"python", "numpy", "torch", "rng", "model['noise']"} <= set(trip.restored)
    assert trip.left == {}
    assert (drawn(), drawn()) == (second, third)
    go_back(2)
    assert drawn() == first


def test_the_end_of_a_cell_is_the_start_of_the_next(drawn):
    """--after."""
    _, second = drawn(), drawn()
    go_back(2, after=True)
    assert drawn() == second


def test_generators_are_put_back_in_place(drawn, live: Notebook):
    """Every alias sees it: the objects are the same."""
    live.run("alias, bits = rng, rng.bit_generator\nsequence = bits.seed_seq")
    drawn()
    go_back(3)
    live.run("same = alias is rng and bits is rng.bit_generator and bits.seed_seq is sequence")
    assert live.shell.user_ns["same"]
    assert live.shell.user_ns["sequence"].n_children_spawned == 0


def test_variables_stay_and_a_generator_made_later_is_left(drawn, live: Notebook):
    """Only random state goes back; what did not exist then is named."""
    drawn()
    live.run(
        "later = np.random.default_rng()\ny = later.random()\nmodel['late'] = random.Random(1)"
    )
    live.run("z = later.random()")
    trip = go_back(2)
    assert trip.left == {"later": "made later", "model['late']": "made later"}
    assert live.shell.user_ns["y"]
    go_back(3, after=True)
    live.run("assert z == later.random()")
    assert live.recorder.records[-1].status == "ok"


def test_a_generator_that_no_cell_had_mentioned_was_there_already(drawn, live: Notebook):
    """It has not moved before the first cell that reached it."""
    live.run("print('a cell that draws nothing')")
    live.run("a = rng.random()")
    go_back(2)
    live.run("assert a == rng.random()")
    assert live.recorder.records[-1].status == "ok"


def test_a_generator_that_was_made_anew_goes_where_its_name_was(live: Notebook):
    """The cell that makes it was run again: another object, the same place."""
    live.run("import numpy as np\nrng = np.random.default_rng(1)")
    live.run("a = rng.random()")
    live.run("b = rng.random()")
    live.run("rng = np.random.default_rng(1)")
    go_back(3)
    live.run("assert b == rng.random()")
    assert live.recorder.records[-1].status == "ok"


def test_undo_takes_it_back_and_forth(drawn):
    """One level: done twice, it is done again."""
    drawn()
    second = drawn()
    third_state = session.recorder.timeline
    go_back(3)
    undo()
    third = drawn()
    assert third != second
    undo()
    assert drawn() == second
    assert session.recorder.timeline is third_state


def test_nothing_changes_when_one_source_cannot_go_back(drawn, live: Notebook):
    """A generator of another kind under the same identity is refused before anything moves."""
    drawn()
    live.run("np.random.set_bit_generator(np.random.PCG64(1))")
    go_back(2)
    live.run("assert type(np.random.get_bit_generator()).__name__ == 'MT19937'")
    assert live.recorder.records[-1].status == "ok"


def test_going_back_is_no_draw(drawn, live: Notebook):
    """Neither the cell that goes back nor the gap before the next one is said to draw."""
    drawn()
    live.run("from repro_nb.seeding.travel import go_back; trip = go_back(2)")
    assert live.recorder.records[-1].draws == ()
    live.run("y = rng.random()")
    assert live.recorder.records[-1].between == ()


@pytest.mark.parametrize("order", [0, -1, 99])
def test_an_execution_that_was_not_recorded_is_refused(drawn, order):
    """With a sentence."""
    with pytest.raises(UsageError, match="no execution"):
        go_back(order)


def test_states_are_kept_once_and_the_oldest_go_first(live: Notebook):
    """Within the budget; a cell whose states are gone says so."""
    live.recorder.timeline._max_bytes = 40_000
    live.run("import random, numpy as np\nnp.random.seed(1)\nrandom.seed(1)")
    for _ in range(40):
        live.run("x = np.random.rand(400)")
    assert live.recorder.timeline._bytes <= 40_000
    with pytest.raises(UsageError, match="no longer kept"):
        go_back(2)
    go_back(41)
    live.run("y = np.random.rand(400)")
    assert (live.shell.user_ns["x"] == live.shell.user_ns["y"]).all()


def test_a_cell_that_changes_nothing_costs_a_number(live: Notebook):
    """No states, no fingerprints."""
    live.run("x = 1")
    points = len(live.recorder.timeline._points)
    for _ in range(50):
        live.run("x = 1")
    assert len(live.recorder.timeline._points) == points


def test_without_a_recorder_there_is_no_past():
    """And nothing to undo."""
    with pytest.raises(UsageError, match="nothing is recorded"):
        go_back(1)
    with pytest.raises(UsageError, match="nothing to undo"):
        undo()
    assert RandomStateError.exit_code == 2


def test_a_library_imported_by_the_cell_goes_back_to_where_it_began():
    """Import and draw in one cell: drawn again, it gives the same numbers, seeded or not."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from traitlets.config import Config\n"
        "shell = InteractiveShell(config=Config(HistoryManager=dict(enabled=False)))\n"
        "shell.run_line_magic('load_ext', 'repro_nb')\n"
        "shell.run_cell('{}')\n"
        "shell.run_cell('import numpy as np; x = np.random.rand()')\n"
        "shell.run_cell('y = np.random.rand()')\n"
        "from repro_nb.seeding.travel import go_back\n"
        "for order in (1, 2):\n"
        "    go_back(order)\n"
        "    shell.run_cell('print(np.random.rand() == x, np.random.rand() == y)')\n"
    )
    for first in ("pass", "import repro_nb; repro_nb.set_global_seed(3)"):
        assert in_fresh_python(program.format(first)) == ["True True"] * 2
