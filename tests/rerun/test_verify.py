"""The main job, on real kernels: the level, its coverage, and the first divergent cell."""

import asyncio
import time
from pathlib import Path

import nbformat
import pytest

from repro_nb.rerun import Level, VerifyOptions, verify
from repro_nb.rerun.result import CellStatus, Status


def strip(path):
    """Remove outputs and counters, as nbstripout does."""
    node = nbformat.read(path, as_version=4)
    for cell in node.cells:
        cell.outputs, cell.execution_count = [], None
    nbformat.write(node, path)


def test_a_sound_notebook_matches(notebook):
    """Seeded draws that are saved reach level 4, to the bit, and the file is left alone."""
    path = notebook(
        "import random\nrandom.seed(1)", "print(random.random())", "{'a': 1}", saved=True
    )
    before = path.read_bytes(), path.stat().st_mtime_ns
    result = verify(path)
    assert (result.level, result.status, result.exit_code) == (Level.MATCHES, Status.OK, 0)
    assert (result.coverage.outputs, result.coverage.identical) == (2, 2)
    assert result.cells[1].draws == ("python",)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_an_unseeded_generator_is_named_with_the_cell_that_made_it(notebook):
    """The first divergent cell is found, and the source that had diverged before it."""
    path = notebook(
        "import numpy as np\nrng = np.random.default_rng()",
        "x = rng.normal(size=3)",
        "print('ready')",
        "print(x)",
        saved=True,
    )
    result = verify(path)
    assert result.level == Level.RUNS
    assert result.run_to_run.first == result.saved.first == 3
    assert result.run_to_run.divergent_cells == (3,)
    assert [(source.name, source.cell) for source in result.diverged_sources] == [("rng", 0)]
    assert "cell 3" in result.held_back_by
    assert result.exit_code == 1


def test_an_unseeded_global_stream_is_named_even_when_import_and_draw_share_a_cell(notebook):
    """The most common fault of all: the first cell imports numpy and draws."""
    path = notebook("import numpy as np\nx = np.random.rand()", "print(x)", saved=True)
    result = verify(path)
    assert result.run_to_run.first == 1
    assert [(source.name, source.cell) for source in result.diverged_sources] == [("numpy", 0)]
    assert "numpy" in result.cells[0].draws


def test_a_source_that_nobody_drew_from_is_not_blamed(notebook):
    """Every process has unseeded streams; only those that were used are named."""
    path = notebook("import random, numpy.random, os", "print(os.urandom(8))")
    result = verify(path)
    assert result.run_to_run.first == 1
    assert result.diverged_sources == ()


def test_a_source_that_was_seeded_in_time_is_not_blamed(notebook):
    """An unseeded draw that a later seeding makes good has nothing to do with a later difference."""
    path = notebook(
        "import random, os", "y = random.random()", "random.seed(3)", "print(random.random())",
        "print(os.urandom(4))",
    )  # fmt: skip
    result = verify(path)
    assert result.run_to_run.divergent_cells == (4,)
    assert result.diverged_sources == ()


def test_hash_order_differs_from_run_to_run(notebook):
    """The hash seed floats: a printed set of many strings holds the notebook at level 1."""
    path = notebook("print(list({f'species {n}' for n in range(20)}))", saved=True)
    assert verify(path).level == Level.RUNS


def test_what_differs_only_elsewhere_holds_at_level_two(notebook):
    """Plain runs agree, a varied one does not: it would differ on another machine."""
    path = notebook("import time\nprint(time.strftime('%z', time.localtime(0)))", saved=True)
    result = verify(path)
    assert result.level == Level.REPEATS
    assert result.run_to_run.plain_divergent_cells == ()
    assert "timezone" in result.runs[1].varied
    assert "another machine" in result.held_back_by
    assert [bool(run.varied) for run in result.runs[:3]] == [False, True, False]


def test_stale_outputs_hold_at_level_three(notebook):
    """Runs agree with one another, but not with what is saved."""
    path = notebook("print(1 + 1)", saved=True)
    path.write_text(path.read_text().replace('"2\\n"', '"3\\n"'))
    result = verify(path)
    assert (result.level, result.saved.divergent_cells) == (Level.ROBUST, (0,))
    assert result.exit_code == 1


def test_a_notebook_that_raises_is_at_level_zero(notebook):
    """The failing cell, its exception and the cells that were not reached are told."""
    path = notebook("x = 1", "print(undefined_name)", "print('never')")
    result = verify(path)
    assert (result.level, result.status, result.exit_code) == (Level.FAILS, Status.FAILED, 1)
    assert (result.error.cell, result.error.type) == (1, "NameError")
    assert "undefined_name" in result.error.message
    wanted = [CellStatus.OK, CellStatus.FAILED, CellStatus.NOT_RUN]
    assert [cell.status for cell in result.cells] == wanted


def test_without_saved_outputs_the_bar_is_three(notebook):
    """A stripped notebook without a recording can be no better than robust, and that is said."""
    result = verify(notebook("print(1)"))
    assert (result.level, result.bar, result.exit_code) == (Level.ROBUST, Level.ROBUST, 0)
    assert not result.saved.available
    assert "neither saved outputs" in result.bar_reason


def test_a_stripped_notebook_is_compared_with_its_recording(notebook):
    """``--update`` keeps what is needed to reach level 4 when the outputs are gone."""
    path = notebook("import random\nrandom.seed(5)\nrandom.random()", saved=True)
    recorded = verify(path, VerifyOptions(update=True)).recording
    assert recorded == str(path.with_name("study.repro.json"))
    strip(path)
    result = verify(path)
    assert (result.level, result.saved.origin) == (Level.MATCHES, "recording")


def test_a_second_recording_changes_run_facts_alone(notebook):
    """Recording an unchanged notebook again is no noise under version control."""
    import json

    path = notebook("object()", "import random\nrandom.seed(5)\nrandom.random()", saved=True)
    contents = []
    for _ in range(2):
        verify(path, VerifyOptions(update=True))
        content = json.loads(path.with_name("study.repro.json").read_text())
        content.pop("run")
        contents.append(content)
    assert contents[0] == contents[1]


def test_one_run_tells_no_level(notebook):
    """``--runs 1`` knows only what the saved outputs say."""
    result = verify(notebook("print(1)", saved=True), VerifyOptions(runs=1))
    assert (result.level, result.exit_code) == (None, 0)
    assert result.coverage.identical == 1
    assert len(result.runs) == 1


def test_a_pass_without_anything_compared_is_none(notebook):
    """A notebook that shows nothing cannot be said to reproduce."""
    result = verify(notebook("x = 1", saved=True))
    assert (result.level, result.exit_code) == (Level.RUNS, 1)
    assert "no output was compared" in result.held_back_by


def test_equivalent_is_told_from_identical(notebook):
    """An object's address differs in every run: it agrees, but not to the bit, and not under ``exact``."""
    path = notebook("object()", saved=True)
    result = verify(path)
    assert (result.level, result.coverage.equivalent) == (Level.MATCHES, 1)
    assert verify(path, VerifyOptions(exact=True)).level == Level.RUNS


def test_markers_are_honoured(notebook):
    """What asks to be skipped is skipped, ignored outputs do not count, and a wanted exception is no failure."""
    path = notebook(
        "# NBVAL_IGNORE_OUTPUT: a clock\nimport time\nprint(time.time())",
        "raise SystemError('skipped')",
        "1 / 0",
        "print('end')",
        tags={1: ["nbval-skip"], 2: ["raises-exception"]},
    )
    result = verify(path)
    assert result.level == Level.ROBUST
    assert (result.coverage.ignored, result.coverage.compared) == (1, 2)
    assert result.cells[1].status is CellStatus.SKIPPED


def test_what_the_notebook_writes_is_not_left_behind(notebook):
    """Two runs write the same file without meeting, and the user's folder stays as it was."""
    path = notebook(
        "from pathlib import Path\nlog = Path('log.txt')\nwith log.open('a') as f: _ = f.write('x')",
        "print(log.read_text())",
    )
    assert verify(path).level == Level.ROBUST
    assert not path.with_name("log.txt").exists()


def test_a_printed_temporary_folder_is_equivalent(notebook):
    """Each run has a temporary folder of its own; its name is no difference."""
    path = notebook("import tempfile\nprint(tempfile.mkdtemp())")
    result = verify(path)
    assert (result.level, result.coverage.equivalent) == (Level.ROBUST, 1)


def test_verify_inside_a_rerun_is_inert(notebook):
    """A notebook that verifies itself does not start reruns without end, and its report is not compared."""
    path = notebook("%load_ext repro_nb", "print(1)", "%repro_verify study.ipynb")
    started = time.monotonic()
    result = verify(path)
    assert (result.level, result.coverage.ignored) == (Level.ROBUST, 1)
    assert len(result.cells[2].run_to_run.outputs) == 1
    assert time.monotonic() - started < 60


def test_it_works_inside_a_running_event_loop(notebook):
    """In a notebook there is a loop already; `verify` has its own."""
    path = notebook("print(1)")

    async def inside():
        return verify(path)

    assert asyncio.run(inside()).level == Level.ROBUST


def test_the_project_sets_the_defaults(notebook):
    """``[tool.repro_nb]`` in pyproject.toml is read."""
    path = notebook("print(1)")
    path.with_name("pyproject.toml").write_text("[tool.repro_nb]\nfail-under = 4\n")
    result = verify(path)
    assert (result.bar, result.exit_code) == (Level.MATCHES, 1)


def test_a_setting_that_does_not_exist_is_refused(notebook):
    """A misspelt setting is not passed over."""
    from repro_nb.errors import UsageError

    path = notebook("print(1)")
    path.with_name("pyproject.toml").write_text("[tool.repro_nb]\nfail-udner = 4\n")
    with pytest.raises(UsageError, match="fail-udner"):
        verify(path)


def test_the_executed_notebook_can_be_kept(notebook, tmp_path):
    """``--save`` writes the first run's notebook, outputs and all."""
    path = notebook("print(40 + 2)")
    verify(path, VerifyOptions(save=tmp_path / "out"))
    kept = nbformat.read(tmp_path / "out" / "study.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].text == "42\n"


def test_draws_between_cells_are_reported(notebook):
    """A thread that draws while no cell runs is a finding, with its source and cell."""
    path = notebook(
        "import random, threading, time\nrandom.seed(0)",
        "def draw():\n    for _ in range(300):\n        time.sleep(0.01); random.random()\n"
        "thread = threading.Thread(target=draw); thread.start()",
        *["x = 1"] * 20,
        "thread.join()",
    )
    findings = [
        f for f in verify(path, VerifyOptions(runs=1)).findings if f.code == "draw-between-cells"
    ]
    assert findings
    assert findings[0].message.startswith("python advanced")


def test_the_environment_of_the_run_is_known(notebook):
    """The report knows the interpreter and what the notebook really imported."""
    environment = verify(notebook("import numpy\nprint(1)")).environment
    assert environment.python.startswith("CPython 3.")
    assert "numpy" in environment.packages
    assert "torch" not in environment.packages


def test_keys_of_jax_are_draws_and_one_made_from_the_clock_is_named(notebook):
    """JAX has no stream: what consumes a key draws, and the variable that holds a floating key is found."""
    path = notebook(
        "import jax, time\nkey = jax.random.key(time.time_ns() % 2**31)",
        "x = jax.random.normal(key, (2,))",
        "print(x)",
    )
    result = verify(path)
    assert result.run_to_run.first == 2
    assert result.cells[1].draws == ("jax",)
    assert [(s.name, s.cell) for s in result.diverged_sources] == [("key", 0), ("jax", 1)]


def test_a_varied_run_that_raises_is_a_difference_whatever_the_marks(notebook):
    """A cell whose output is not compared may still break elsewhere."""
    path = notebook(
        "# NBVAL_IGNORE_OUTPUT\nimport time\nassert time.localtime(0).tm_gmtoff == 0",
        "print('end')",
        saved=True,
    )
    result = verify(path)
    assert (result.level, result.run_to_run.divergent_cells) == (Level.REPEATS, (0,))
    assert [finding.code for finding in result.findings] == ["run-raised"]


def test_a_cell_that_the_recording_does_not_know_is_extra(notebook):
    """A stripped notebook that was edited since does not match an old recording."""
    path = notebook("print(1)", saved=True)
    verify(path, VerifyOptions(update=True))
    notebook("print('another')", "print(2)")
    result = verify(path)
    assert result.saved.origin == "recording"
    assert (result.level, result.saved.divergent_cells) == (Level.ROBUST, (0, 1))


def test_many_flushed_lines_all_arrive(notebook):
    """Output that is slower to arrive than the cell is to end is waited for."""
    path = notebook("import sys\nfor i in range(9000): print(i); sys.stdout.flush()")
    assert verify(path).level == Level.ROBUST


def test_what_differs_by_itself_comes_before_what_differs_elsewhere(notebook):
    """The cell to look at, and its sources, are those of the plain runs' difference."""
    path = notebook(
        "import time, numpy as np\nprint(time.strftime('%z', time.localtime(0)))",
        "rng = np.random.default_rng()",
        "print(rng.normal())",
    )
    result = verify(path)
    assert (result.level, result.run_to_run.divergent_cells) == (Level.RUNS, (0, 2))
    assert result.first_divergent_cell.index == 2
    assert [(s.name, s.how, s.cell) for s in result.diverged_sources] == [("rng", "made", 1)]
    assert "cell 2" in result.held_back_by


def test_an_unseeded_coin_is_no_matter_of_the_machine(notebook):
    """Two plain runs that agree by luck do not make a coin repeat, and a level 3 by luck is told of."""
    path = notebook("import numpy as np\nrng = np.random.default_rng()\nprint(rng.random() < 0.5)")
    for _ in range(3):
        result = verify(path)
        assert result.level in (Level.RUNS, Level.ROBUST)
        if result.level == Level.ROBUST:
            assert "unseeded-source" in [finding.code for finding in result.findings]


def test_a_seed_from_the_clock_is_told_from_none(notebook):
    """The source was seeded, with a value that differs from run to run."""
    path = notebook(
        "import numpy as np, time\nnp.random.seed(time.time_ns() % 2**32)",
        "print(np.random.rand())",
    )
    (source,) = verify(path).diverged_sources
    assert (source.name, source.how, source.cell) == ("numpy", "seeded", 0)


def test_the_executed_notebook_never_replaces_the_one_examined(notebook, monkeypatch):
    """``--save`` into the notebook's own folder is refused before anything runs."""
    path = notebook("print(1)", saved=True)
    before = path.read_bytes()
    monkeypatch.chdir(path.parent)
    result = verify("study.ipynb", VerifyOptions(save=path.parent))
    assert (result.error.type, result.exit_code, result.runs) == ("UsageError", 2, ())
    assert path.read_bytes() == before


def test_one_run_without_anything_saved_passes_nothing(notebook):
    """What was compared with nothing is not fine."""
    assert verify(notebook("print(1)"), VerifyOptions(runs=1)).exit_code == 1


def test_a_damaged_recording_is_no_obstacle_where_it_is_not_needed(notebook):
    """Outputs in the notebook are enough; ``--update`` writes it anew."""
    path = notebook("print(1)", saved=True)
    path.with_name("study.repro.json").write_text("<<<<<<< ours")
    assert verify(path).level == Level.MATCHES
    assert verify(path, VerifyOptions(update=True)).recording is not None


def test_runs_that_go_on_at_the_same_time_do_not_meet_in_the_temporary_folder(notebook, tmp_path):
    """A notebook that appends to a fixed file under the temporary folder finds it as the user left it."""
    import tempfile

    shared = f"{tempfile.gettempdir()}/repro-nb-test-{tmp_path.name}.txt"
    source = (
        f"with open({shared!r}, 'a') as file: n = file.write('x')\nprint(open({shared!r}).read())"
    )
    result = verify(notebook(source))
    if result.isolation != "overlay":
        pytest.skip(f"this machine mounts no overlay: {result.isolation}")
    assert result.level == Level.ROBUST
    assert not Path(shared).exists()


def test_two_notebooks_of_one_name_are_not_saved_over_one_another(notebook, tmp_path):
    """Before anything runs, the user is told that one would be lost."""
    from repro_nb.errors import UsageError
    from repro_nb.rerun import verify_all

    (tmp_path / "a").mkdir()
    paths = [notebook("1"), notebook("2", name="a/study.ipynb")]
    with pytest.raises(UsageError, match="would both be saved"):
        list(verify_all(paths, lambda _: VerifyOptions(save=tmp_path / "out")))


def test_the_traceback_of_a_failure_is_the_kernels_own(notebook):
    """It neither repeats the cell nor holds terminal colours."""
    error = verify(notebook("def f():\n    return 1 / 0\nf()"), VerifyOptions(runs=1)).error
    assert error.traceback.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "An error occurred while executing" not in error.traceback
    assert "\x1b" not in error.traceback


def test_a_failure_that_comes_every_time_is_no_difference(notebook):
    """What every run does alike does not count as a difference between runs."""
    result = verify(notebook("print(1)", "1 / 0"))
    assert (result.level, result.run_to_run.divergent_cells) == (Level.FAILS, ())
