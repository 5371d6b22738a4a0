"""Saved outputs that belong to an older text."""

import subprocess

import nbformat
import pytest
from nbformat.v4 import new_output

from repro_nb.rerun import VerifyOptions, verify
from repro_nb.rerun.result import Grade


def git(folder, *arguments):
    """Run git with a name of its own."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def edit(path, **sources):
    """Change the text of cells, named ``c0``, ``c1``, …, and leave the outputs."""
    node = nbformat.read(path, as_version=4)
    for name, source in sources.items():
        node.cells[int(name[1:])].source = source
    nbformat.write(node, path)


@pytest.mark.parametrize(
    ("change", "line"),
    [({"c1": "y = 2\nprint(x * y)"}, (1, 1)), ({"c0": "# new\nx = 5"}, (0, 1))],
    ids=["its own text", "the text of a cell above"],
)
def test_an_older_text_of_the_history_is_proved(notebook, cause_of, tmp_path, change, line):
    """Run with it, the cell gives the saved output; the first changed line is the origin."""
    path = notebook("x = 4", "print(x * 3)", saved=True)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    edit(path, **change)
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (1, "stale-source", Grade.PROVED)
    assert (cause.origin.cell, cause.origin.line) == line


def test_in_place_no_older_text_is_run(notebook, tmp_path):
    """What the notebook did once, to files that are the user's own, is not done again."""
    path = notebook("import os\nos.remove('kept.txt')\nprint(1)", saved=False)
    node = nbformat.read(path, as_version=4)
    node.cells[0].outputs = [new_output("stream", text="1\n")]
    nbformat.write(node, path)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    edit(path, c0="print(2)")
    kept = path.parent / "kept.txt"
    kept.write_text("mine")
    result = verify(path, VerifyOptions(in_place=True))
    assert [cause.cell for cause in result.causes] == [0]
    assert kept.exists()


def test_a_text_that_is_not_the_recorded_one(notebook, cause_of):
    """The recording knows the text by its digest."""
    path = notebook("import random\nrandom.seed(1)", "print(random.random())")
    verify(path, VerifyOptions(runs=1, update=True, explain=False))
    edit(path, c1="print(random.random() * 2)")
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (1, "stale-source", Grade.OBSERVED)


def test_a_traceback_that_quotes_a_line_that_is_gone(notebook, diagnosed, tmp_path):
    """What really ran is in the saved output."""
    path = notebook("d = {'b': 1}", "d['b']")
    node = nbformat.read(path, as_version=4)
    node.cells[1].execution_count = 2
    trace = ["Cell In[2], line 1", "----> 1 d['old']", "KeyError: 'old'"]
    node.cells[1].outputs = [new_output("error", ename="KeyError", evalue="'old'", traceback=trace)]
    nbformat.write(node, path)
    (cause,) = diagnosed(path)
    assert (cause.factor, cause.grade) == ("stale-source", Grade.OBSERVED)
    assert "d['old']" in cause.evidence


def test_a_value_that_no_expression_gives(notebook, save_as, cause_of):
    """An assignment shows nothing."""
    path = save_as(notebook("import numpy", "x = numpy.ones(2)"), values={1: "array([1., 1.])"})
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (1, "stale-source", Grade.SUSPECTED)


def test_where_nothing_else_can_have_changed_it_is_the_text(notebook, save_as, cause_of):
    """The same Python, no files, no packages, one session from the top."""
    path = notebook("import math\nr = 3", "print(math.floor(r * 2))")
    save_as(path, counts=[1, 2], printed={1: "8"}, python="3.11.2")
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (1, "stale-source", Grade.SUSPECTED)


@pytest.mark.parametrize(
    ("source", "counts", "python"),
    [
        ("print(open('a.txt').read())", [1, 2], "3.11.2"),
        ("import datetime\nprint(datetime.date.today().year)", [1, 2], "3.11.2"),
        ("print(2)", [1, 5], "3.11.2"),
        ("print(2)", [1, 2], None),
        ("import numpy as np\nprint(np.ones(2).sum())", [1, 2], "3.11.2"),
    ],
    ids=["a file", "the clock", "a lost run", "unknown Python", "a package"],
)
def test_where_something_else_can_have_changed_the_text_is_not_accused(
    notebook, save_as, diagnosed, tmp_path, source, counts, python
):
    """Data, time, hidden state and packages change outputs too."""
    (tmp_path / "a.txt").write_text("one")
    path = save_as(notebook("x = 1", source), counts=counts, printed={1: "7"}, python=python)
    assert "stale-source" not in {cause.factor for cause in diagnosed(path)}
