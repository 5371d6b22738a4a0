"""Why cells differ: what the experiment proves, with real kernels."""

import nbformat
import pytest
from nbformat.v4 import new_output

from repro_nb.rerun import Level, VerifyOptions, explain, verify
from repro_nb.rerun.result import Grade

SHOWN_SET = "print(list({'alpha', 'beta', 'gamma', 'delta', 'epsilon'}))"
SHOWN_LOCAL_TIME = "import datetime\nprint(datetime.datetime.fromtimestamp(0))"
RACE = """\
import torch
addends = torch.rand(5 * 10**6, generator=torch.Generator().manual_seed(1))
places = (torch.zeros(5 * 10**6, dtype=torch.long),)
print(float(torch.zeros(1).index_put_(places, addends, accumulate=True)[0]).hex())"""
CHILD = """\
import subprocess, sys
program = "import os; print(os.urandom(8).hex())"
print(subprocess.check_output([sys.executable, "-c", program]))"""


def named(result):
    """Each cause as its cell and its factor."""
    return {(cause.cell, cause.factor) for cause in result.causes}


def test_each_cause_is_proved_at_its_own_cell(notebook):
    """Two factors in two cells are told apart, and what differs by itself from what another machine would change."""
    result = explain(notebook("x = 1", SHOWN_SET, SHOWN_LOCAL_TIME, "print(x)"))
    assert named(result) == {(1, "hash-seed"), (2, "timezone")}
    assert {cause.grade for cause in result.causes} == {Grade.PROVED}
    assert {cause.factor for cause in result.causes if not cause.floating} == {"timezone"}


def test_a_sound_notebook_has_no_causes(notebook):
    """A sorted set, and a local time that is not shown, are nobody's fault."""
    result = explain(
        notebook(SHOWN_SET.replace("list", "sorted"), f"{SHOWN_LOCAL_TIME[:15]}\nprint(1)")
    )
    assert result.causes == ()
    assert result.level is Level.ROBUST


@pytest.mark.parametrize("examine", [explain, verify])
def test_the_run_of_a_diagnosis_is_no_run_to_compare(notebook, examine):
    """Saved in another order: the rerun in that order proves it, and makes no cell differ from run to run."""
    path = notebook("x = 1", "x = x + 1", "print(x)")
    node = nbformat.read(path, as_version=4)
    for cell, count in zip(node.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    node.cells[2].outputs = [new_output("stream", name="stdout", text="1\n")]
    nbformat.write(node, path)
    result = examine(path)
    assert named(result) == {(2, "cell-order")}
    assert (result.level, result.run_to_run.divergent_cells) == (Level.ROBUST, ())
    assert [run.altered for run in result.runs if run.altered] == ["cells in the order 0, 2"]


def test_verify_explains_by_itself(notebook):
    """What falls short of the bar says why without being asked."""
    result = verify(notebook(SHOWN_SET))
    assert result.level is Level.RUNS
    assert named(result) == {(0, "hash-seed")}


def test_verify_does_not_explain_when_it_is_told_not_to(notebook):
    """No run more than the level needs."""
    result = verify(notebook(SHOWN_SET), VerifyOptions(explain=False))
    assert result.causes == ()
    assert len(result.runs) == 3


def test_standing_factors_hold_a_notebook_at_level_2(notebook):
    """Plain runs agree; on another machine they would not."""
    result = verify(notebook(SHOWN_LOCAL_TIME))
    assert result.level is Level.REPEATS
    assert named(result) == {(0, "timezone")}
    assert not result.causes[0].floating


def test_runs_stop_after_the_last_cell_that_is_to_be_explained(notebook):
    """What comes after it costs nothing."""
    result = explain(notebook(SHOWN_SET, "print(1)", "print(2)", "print(3)"))
    assert {run.cells for run in result.runs if run.varied and run.pinned} == {1, 4}
    assert [run.cells for run in result.runs if set(run.varied) == {"threads"}] == [1]


def test_what_would_take_too_long_is_said_instead_of_done(notebook):
    """The budget is compared with what the first run took."""
    result = verify(notebook("import time\ntime.sleep(1.5)", SHOWN_SET), VerifyOptions(budget=1))
    assert result.causes == ()
    assert len(result.runs) == 3
    [finding] = [found for found in result.findings if found.code == "explanation-skipped"]
    assert "--budget" in finding.fix


def test_a_race_between_threads_is_told_from_an_effect_of_their_number(notebook):
    """Two runs at two threads differ, two at one thread do not: it floats."""
    result = explain(notebook("print('begin')", RACE))
    assert named(result) == {(1, "threads")}
    assert result.causes[0].floating


def test_a_set_of_two_has_more_than_one_try(notebook):
    """Its order is a coin toss, and still nobody calls it sound."""
    cells = ["names = 'left right'.split()", "for name in set(names):\n    print(name)"]
    result = explain(notebook(*cells))
    assert named(result) <= {(1, "hash-seed")}
    tries = [run for run in result.runs if set(run.varied) == {"hash-seed"}]
    assert result.causes or len(tries) == 3


def test_what_nothing_explains_is_called_unexplained(notebook):
    """What a child process draws is out of reach: no factor is blamed for it."""
    result = explain(notebook("print(1)", CHILD))
    assert named(result) == {(1, "unexplained")}


def test_cost_is_bounded(notebook):
    """Three runs, one for each active factor, two more hash seeds: no more."""
    result = explain(notebook(SHOWN_SET, SHOWN_LOCAL_TIME))
    alone = {name for run in result.runs if len(run.varied) == 1 for name in run.varied}
    assert len(result.runs) <= 3 + len(alone) + 2


@pytest.mark.parametrize("verb", [explain, verify])
def test_a_failure_is_no_puzzle_for_the_experiment(notebook, verb):
    """A cell that fails in every run is diagnosed, not rerun factor by factor."""
    result = verb(notebook("1 / 0"))
    assert result.level is Level.FAILS
    assert not any(len(run.varied) == 1 for run in result.runs)


FRESH_FILE = """\
import os, time
open("made.txt", "w").close()
assert abs(time.time() - os.path.getmtime("made.txt")) < 3600"""


@pytest.mark.parametrize("verb", [explain, verify])
def test_what_does_not_bear_a_held_clock_is_run_by_the_true_one(notebook, verb):
    """Files keep the true time: a notebook that compares the two is not called broken, and what was done is said."""
    result = verb(notebook(FRESH_FILE, "import random\nprint(random.random())"))
    assert named(result) == {(1, "python")}
    assert result.level is Level.RUNS
    assert any(line.startswith("clock: the notebook does not run") for line in result.not_varied)


def test_what_follows_an_unsteady_cell_is_explained_too(notebook):
    """One cell that nobody can pin hides nothing."""
    result = explain(notebook(CHILD, "import random\nprint(random.random())", SHOWN_SET))
    assert named(result) == {(0, "unexplained"), (1, "python"), (2, "hash-seed")}


def test_one_run_alone_accuses_nobody_of_old_outputs(notebook):
    """What differs from the saved output may differ from run to run: one run does not tell."""
    path = notebook("import random\nprint(random.random())", saved=True)
    assert verify(path, VerifyOptions(runs=1)).causes == ()
