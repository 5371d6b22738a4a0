"""The recorder in a real shell: what each record says of its cell."""

import gc
import os
import random
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from recorded_shell import Notebook

from repro_nb.probe.recorder import Recorder
from repro_nb.records import CellRecord, source_digest

PREAMBLE = (
    "import random, numpy as np, torch\nrng = np.random.default_rng(1)\nold = np.random.RandomState(1)\n"
    "gen = torch.Generator()\nown = random.Random(1)\n"
)
STATEMENTS = {
    "python": "random.random()",
    "numpy": "np.random.rand()",
    "torch": "torch.rand(1)",
    "rng": "rng.normal()",
    "old": "old.rand()",
    "gen": "torch.rand(1, generator=gen)",
    "own": "own.gauss(0, 1)",
    "": "rng, old, gen, own",
}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.sampled_from(sorted(STATEMENTS)), min_size=1, max_size=4), max_size=5))
def test_a_cell_is_recorded_as_drawing_from_exactly_what_it_draws_from(
    notebook: Notebook, program: list[list[str]]
) -> None:
    notebook.run(PREAMBLE)
    for sources in program:
        record = notebook.run("\n".join(STATEMENTS[source] for source in sources) + "\nNone")
        assert set(record.draws) == set(sources) - {""}
        assert record.between == ()
        assert all(
            (record.before[s] != record.after[s]) == (s in record.draws) for s in record.after
        )


def test_a_record_has_the_facts_of_its_cell(notebook: Notebook) -> None:
    first = notebook.run("x = 1")
    second = notebook.run("x = 1  ", cell_id="abc")
    assert (first.order, first.status, first.source_digest) == (1, "ok", source_digest("x = 1"))
    assert first.cell_id == f"1-{first.source_digest[:12]}"
    assert (second.cell_id, second.order, second.source_digest) == ("abc", 2, first.source_digest)
    assert 0 < first.seconds < 5
    assert CellRecord.from_json(first.to_json()) == first


def test_a_document_uri_stays_as_the_front_end_sent_it(notebook: Notebook) -> None:
    uri = "vscode-notebook-cell:/home/u/a.ipynb#W0sZmlsZQ%3D%3D"
    assert notebook.run("pass", cell_id=uri).cell_id == uri


def test_a_cell_that_raises_is_failed_and_its_draws_are_kept(notebook: Notebook) -> None:
    record = notebook.run("import random\nrandom.random()\n1 / 0")
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.type, record.error.message) == ("ZeroDivisionError", "division by zero")
    assert record.draws == ("python",)


def test_a_cell_that_does_not_parse_is_failed(notebook: Notebook) -> None:
    record = notebook.run("def (")
    assert (record.status, record.error and record.error.type) == ("failed", "SyntaxError")


def test_an_error_that_cannot_be_printed_loses_no_record(notebook: Notebook) -> None:
    notebook.shell.showtraceback, show = (lambda *_, **__: None), notebook.shell.showtraceback
    try:
        record = notebook.run(
            "class Bad(Exception):\n  def __str__(self): raise ValueError\nraise Bad"
        )
    finally:
        notebook.shell.showtraceback = show
    assert record.error is not None
    assert (record.error.type, record.error.message) == ("Bad", "")


def test_empty_and_silent_cells_make_no_record(notebook: Notebook) -> None:
    notebook.shell.run_cell("  \n")
    notebook.shell.run_cell("import random; random.random()", silent=True)
    assert notebook.recorder.records == []


def test_what_draws_between_two_cells_is_told(notebook: Notebook) -> None:
    notebook.run("import random, numpy as np; rng = np.random.default_rng(1)")
    notebook.run("rng")
    thread = threading.Thread(
        target=lambda: (random.random(), notebook.shell.user_ns["rng"].random())
    )
    thread.start()
    thread.join()
    record = notebook.run("rng")
    assert set(record.between) == {"python", "rng"}
    assert record.draws == ()
    assert notebook.run("rng").between == ()


def test_a_nested_cell_has_a_record_of_its_own_and_nothing_lies_between(notebook: Notebook) -> None:
    notebook.run("import random, numpy as np")
    outer = notebook.run(
        "random.random(); get_ipython().run_cell('np.random.rand()'); random.random()"
    )
    inner = notebook.recorder.records[-2]
    assert (inner.order, outer.order) == (3, 2)
    assert (inner.draws, inner.between) == (("numpy",), ())
    assert (set(outer.draws), outer.between) == ({"python", "numpy"}, ())
    assert notebook.run("pass").between == ()


def test_the_cell_that_loads_the_recorder_has_no_record(shell: InteractiveShell) -> None:
    shell.user_ns["start"] = lambda: Recorder({})
    shell.run_cell("recorder = start(); recorder.attach(get_ipython().events)")
    recorder = shell.user_ns["recorder"]
    shell.run_cell("pass")
    recorder.detach()
    assert [record.order for record in recorder.records] == [1]


def test_a_rebound_name_appears_and_does_not_draw(notebook: Notebook) -> None:
    notebook.run("import numpy as np; rng = np.random.default_rng()")
    record = notebook.run("rng = np.random.default_rng()")
    assert (record.draws, record.appeared, record.seeded) == ((), ("rng",), {})


def test_a_name_that_is_freed_and_made_again_appears(notebook: Notebook) -> None:
    notebook.run("import numpy as np; rng = np.random.default_rng(1)")
    record = notebook.run("del rng; rng = np.random.default_rng(2)")
    assert (record.draws, record.appeared) == ((), ("rng",))


def test_a_draw_through_a_function_and_an_attribute_is_seen(notebook: Notebook) -> None:
    notebook.run(
        "import numpy as np\nrng = np.random.default_rng(1)\ndef roll(): return rng.normal()\n"
        "class Sim:\n  def __init__(self): self.noise = np.random.default_rng(2)\nsim = Sim()"
    )
    assert notebook.run("roll()").draws == ("rng",)
    assert notebook.run("sim.noise.normal()").draws == ("sim.noise",)


def test_keys_never_advance(notebook: Notebook) -> None:
    notebook.run("import jax; key = jax.random.key(0)")
    record = notebook.run("key, sub = jax.random.split(key)")
    assert set(record.appeared) == {"key", "sub"}
    assert record.draws == ("jax",), "the split consumes one; the variables that hold them stay"
    assert [use.function for use in record.keys] == ["split"]


def test_a_library_that_is_imported_and_drawn_from_in_one_cell_draws() -> None:
    """In a fresh process: numpy's stream appears when numpy.random is imported, and what is drawn then counts."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from repro_nb.probe.recorder import Recorder\n"
        "shell = InteractiveShell(); recorder = Recorder(shell.user_ns); recorder.attach(shell.events)\n"
        "for cell in ('import numpy as np', 'np.random', 'import torch; torch.rand(1)'):\n"
        "    shell.run_cell(cell + '; None')\n"
        "shell.run_cell('np.random.rand(); None')\n"
        "for r in recorder.records: print(r.draws, r.appeared, r.recorder_error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "() () None",
        "() ('numpy',) None",
        "('torch',) ('torch',) None",
        "('numpy',) () None",
    ]


def test_seeding_by_repro_nb_is_no_draw_but_drawing_before_it_is(notebook: Notebook) -> None:
    def reseed() -> None:
        notebook.recorder.settle()
        random.seed(4)
        notebook.recorder.rebase({"python": "%repro_seed 4"})

    notebook.shell.user_ns["reseed"] = reseed
    notebook.run("import random, numpy as np")
    assert notebook.run("reseed()").draws == ()
    record = notebook.run("random.random(); np.random.rand(); reseed()")
    assert (set(record.draws), record.seeded) == ({"python", "numpy"}, {"python": "%repro_seed 4"})
    reseed()
    assert notebook.run("pass").between == ()


def test_the_running_cell_is_known_inside_it_only(notebook: Notebook) -> None:
    notebook.shell.user_ns["ask"] = notebook.recorder.current
    notebook.run("cell = ask()", cell_id="here")
    digest = source_digest("cell = ask()")
    assert tuple(notebook.shell.user_ns["cell"]) == (1, "here", "here", digest)
    assert notebook.recorder.current() is None


def test_the_summary_says_who_drew_last_and_what_was_seeded(notebook: Notebook) -> None:
    notebook.run("import random, numpy as np; np.random.seed(3); rng = np.random.default_rng(7)")
    notebook.run("np.random.rand()", cell_id="draws")
    notebook.run("rng.normal()")
    notebook.run("random.random()")
    rows = {row.name: row for row in notebook.recorder.summary()}
    assert (rows["numpy"].seeded, rows["numpy"].draws) == ("np.random.seed(3)", 1)
    assert (rows["numpy"].last_draw_cell, rows["numpy"].last_draw_cell_id) == (2, "draws")
    assert (rows["rng"].seeded, rows["rng"].kind) == (
        "np.random.default_rng(7)",
        "numpy.random.Generator(PCG64)",
    )
    assert (rows["python"].seeded, rows["python"].draws) == (None, 1)
    assert all(row.fingerprint for row in rows.values())


def test_a_fault_of_the_recorder_is_in_the_record(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise OSError("no")

    monkeypatch.setattr("repro_nb.probe.recorder.reach", broken)
    record = notebook.run("x = 5")
    assert (record.status, record.recorder_error) == ("ok", "OSError: no")
    assert notebook.shell.user_ns["x"] == 5


def test_each_record_is_handed_on_as_it_is_made() -> None:
    events, seen = Events(), []
    recorder = Recorder({}, on_record=seen.append)
    recorder.attach(events)
    info = types.SimpleNamespace(raw_cell="pass", cell_id="a")
    events.fire("pre_run_cell", info)
    events.fire(
        "post_run_cell",
        types.SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None),
    )
    assert seen == recorder.records
    assert seen[0].cell_id == "a"


def test_a_record_that_cannot_be_handed_on_is_told_in_the_next(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk prints nothing into the user's cell."""
    seen: list[CellRecord] = []

    def write(record: CellRecord) -> None:
        if record.order == 1:
            raise OSError("disk full")
        seen.append(record)

    recorder = Recorder(shell.user_ns, on_record=write)
    recorder.attach(shell.events)
    for cell in ("x = 1", "x = 2", "x = 3"):
        shell.run_cell(cell)
    recorder.detach()
    lost = "the record of execution 1 was lost: OSError: disk full"
    assert [record.recorder_error for record in seen] == [lost, None]
    assert capsys.readouterr() == ("", "")


def test_a_fault_while_a_cell_runs_is_in_its_record(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> Any:
        raise OSError("no")

    notebook.shell.user_ns["break_it"] = lambda: monkeypatch.setattr(
        notebook.recorder._states, "read", broken
    )
    notebook.run("import sys; sys.modules.pop('this', None)")
    record = notebook.run("break_it(); import wave")
    assert (record.status, record.recorder_error) == ("ok", "OSError: no")
    assert capsys.readouterr().err == ""


class Events:
    """Any object with register and unregister will do."""

    def __init__(self) -> None:
        self.callbacks: dict[str, list[Any]] = {"pre_run_cell": [], "post_run_cell": []}

    def register(self, event: str, callback: Any) -> None:
        """As IPython's."""
        self.callbacks[event].append(callback)

    def unregister(self, event: str, callback: Any) -> None:
        """As IPython's."""
        self.callbacks[event].remove(callback)

    def fire(self, event: str, argument: object) -> None:
        """Call what is registered."""
        for callback in list(self.callbacks[event]):
            callback(argument)


def test_detaching_leaves_no_trace() -> None:
    events, finders = Events(), list(sys.meta_path)
    recorder = Recorder({})
    recorder.attach(events)
    recorder.detach()
    recorder.detach()
    assert events.callbacks == {"pre_run_cell": [], "post_run_cell": []}
    assert sys.meta_path == finders


def test_a_cell_that_draws_nothing_keeps_under_a_kilobyte() -> None:
    import tracemalloc

    names = {"rng": np.random.default_rng(1), "gen": torch.Generator()}
    events, recorder = Events(), Recorder(names)
    recorder.attach(events)
    infos = [types.SimpleNamespace(raw_cell="rng, gen", cell_id=None) for _ in range(300)]
    results = [
        types.SimpleNamespace(info=i, error_before_exec=None, error_in_exec=None) for i in infos
    ]
    gc.collect()
    tracemalloc.start()
    for result in results:
        events.fire("pre_run_cell", result.info)
        events.fire("post_run_cell", result)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    recorder.detach()
    assert kept / len(results) < 1024


def test_a_generator_made_and_drawn_from_in_one_cell_is_drawn_from(notebook: Notebook) -> None:
    """The record tells a generator that a cell only makes from one that it also uses."""
    notebook.run("import random, numpy as np, torch")
    used = notebook.run(
        "a = np.random.default_rng(3); a.normal(); b = random.Random(3); b.random()"
    )
    made = notebook.run("c = np.random.default_rng(3); d = np.random.Generator(np.random.SFC64(3))")
    assert set(used.appeared) == set(used.draws) == {"a", "b"}
    assert (set(made.appeared), made.draws) == ({"c", "d"}, ())


def test_what_a_library_draws_while_it_is_imported_is_no_draw_of_the_cell(tmp_path: Any) -> None:
    """scikit-learn's import brings in rich, which draws from Python's stream; the cell only imports."""
    lines = [
        "from IPython.core.interactiveshell import InteractiveShell",
        "from recorded_shell import Notebook",
        "import random",
        "notebook = Notebook(InteractiveShell.instance())",
        "before = random.getstate()",
        "quiet = notebook.run('import sklearn.linear_model, random')",
        "assert random.getstate() != before, 'the import draws nothing any more'",
        "loud = notebook.run('import sklearn.svm; x = random.random()')",
        "print(quiet.draws, loud.draws)",
    ]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent), "IPYTHONDIR": str(tmp_path)},
    )
    assert run.stdout.strip() == "() ('python',)", run.stderr


def test_one_word_from_numpys_own_entropy_is_a_draw() -> None:
    """Where nothing was seeded, the first word handed out leaves a position like that of a fresh seeding."""
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from recorded_shell import Notebook\nnotebook = Notebook(InteractiveShell.instance())\n"
        "notebook.run('import numpy as np, numpy.random')\n"
        "print(notebook.run('x = np.random.randint(128)').draws, notebook.run('np.random.seed(0)').draws)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert run.stdout.strip() == "('numpy',) ()", run.stderr
