"""The lines that draw from a stream are found, and nothing notices that they are looked for."""

import subprocess
import sys
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell

from repro_nb.probe.recorder import Recorder
from repro_nb.probe.witness import Orders, Witness


@pytest.fixture
def traced():
    """A function that runs cells with the streams traced; gives line, text, file of each draw, and the last record."""
    shell = InteractiveShell()
    count = iter(range(1000))

    def run(*cells, streams=("python", "numpy")):
        ids = [f"cell-{next(count)}" for _ in cells]
        witness = Witness(shell, Orders(watch=True, trace=dict.fromkeys(ids, streams)))
        recorder = Recorder(shell.user_ns, witness=witness)
        recorder.attach(shell.events)
        try:
            for cell_id, cell in zip(ids, cells, strict=True):
                result = shell.run_cell(cell, cell_id=cell_id)
                assert result.success, result.error_in_exec
        finally:
            recorder.detach()
        assert recorder.records[-1].recorder_error is None
        uses = [use for record in recorder.records for use in record.uses]
        return [(use.factor, ids.index(use.cell), use.line, use.file) for use in uses]

    yield run
    assert sys.gettrace() is None
    assert threading._trace_hook is None


IMPORTS = "import random, threading\nimport numpy as np\n"


def test_the_line_within_a_statement_is_named(traced):
    cell = IMPORTS + "a = 1\nb = (a +\n     random.random()\n     + a)"
    assert traced(cell) == [("python", 0, 5, "")]


def test_a_line_of_a_function_is_named_where_the_function_is_written(traced):
    made = IMPORTS + "def make(n):\n    for _ in range(n):\n        yield np.random.rand()"
    assert traced(made, "x = list(make(2))\ny = 3") == [("numpy", 0, 5, "")]


def test_the_callers_line_is_named_for_what_comes_after_the_call(traced):
    cells = (IMPORTS + "def two():\n    return 2", "x = two() * random.random()\ny = x")
    assert traced(*cells) == [("python", 1, 1, "")]


def test_what_a_library_calls_back_is_named(traced):
    cell = IMPORTS + "def key(n):\n    return random.random()\nsorted([3, 1, 2], key=key)"
    assert traced(cell) == [("python", 0, 4, "")]


def test_a_seeding_is_no_draw(traced):
    assert traced(IMPORTS + "random.seed(1)\nnp.random.seed(1)\nx = 1") == []


def test_the_line_that_loads_a_librarys_stream_and_draws_is_found():
    program = """
from IPython.core.interactiveshell import InteractiveShell
from repro_nb.probe.recorder import Recorder
from repro_nb.probe.witness import Orders, Witness
shell = InteractiveShell()
witness = Witness(shell, Orders(watch=True, trace={"a": ("numpy",)}, held={"numpy": "1"}))
witness.install()
recorder = Recorder(shell.user_ns, witness=witness)
recorder.attach(shell.events)
shell.run_cell("import numpy as np\\na = 1\\nb = np.random.rand()", cell_id="a")
print([(use.factor, use.line) for record in recorder.records for use in record.uses])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[('numpy', 3)]", done.stdout + done.stderr


def test_draws_in_a_thread_are_found(traced):
    work = "def work():\n    a = 1\n    random.random()\n"
    start = "t = threading.Thread(target=work)\nt.start()\nt.join()"
    assert traced(IMPORTS + work + start) == [("python", 0, 5, "")]


def test_a_line_that_draws_in_a_loop_is_noted_once(traced):
    assert traced(IMPORTS + "for _ in range(500):\n    random.random()") == [("python", 0, 4, "")]


def test_the_numbers_are_those_of_a_run_without_a_trace(traced):
    cell = IMPORTS + "random.seed(7)\nprint([random.random() for _ in range(5)])"
    traced(cell)
    after = __import__("random").getstate()
    traced(cell, streams=())
    assert __import__("random").getstate() == after


def test_where_something_traces_already_nothing_is_done(traced):
    lines = []

    def own(frame, event, argument):
        lines.append(frame.f_lineno)
        return own

    sys.settrace(own)
    try:
        assert traced(IMPORTS + "random.random()") == []
        assert sys.gettrace() is own
    finally:
        sys.settrace(None)
    assert lines


def test_an_error_in_the_users_code_leaves_no_trace_behind(traced):
    with pytest.raises(AssertionError, match="division"):
        traced(IMPORTS + "random.random()\n1 / 0")
