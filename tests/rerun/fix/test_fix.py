"""Fixing real notebooks: edits proved by real reruns, and what is left alone."""

import json

import nbformat
import pytest

from repro_nb.rerun import VerifyOptions, fix
from repro_nb.rerun.fix.report import text
from repro_nb.rerun.result import Level

ISOLATED = VerifyOptions()


@pytest.fixture
def folder(notebook, tmp_path):
    """A function that writes a notebook, and gives its path and what its folder holds."""
    return lambda *cells, **settings: (notebook(*cells, **settings), tmp_path)


def test_two_causes_are_treated_at_once(folder):
    """A seed after the imports and a sorted set: level 3, and on disk nothing but the two cells is different."""
    draws = (
        "tags = {'sea', 'hill', 'town', 'lake'}\nfor tag in tags:\n    print(tag, random.random())"
    )
    path, place = folder("import random", "print('ü aside')", draws, saved=True)
    old = path.read_bytes()
    result = fix(path, ISOLATED, write=True)
    assert (result.before.level, result.after.level, result.exit_code) == (
        Level.RUNS,
        Level.ROBUST,
        0,
    )
    assert {edit.cause.factor for edit in result.edits} == {"python", "hash-seed"}
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert sources == [
        "import random",
        "random.seed(42)",
        "print('ü aside')",
        draws.replace("in tags", "in sorted(tags)"),
    ]
    assert (place / "study.ipynb.bak").read_bytes() == old
    before, after = json.loads(old), json.loads(path.read_bytes())
    assert [after["cells"][n] for n in (0, 2)] == before["cells"][:2]
    assert after["cells"][3]["outputs"] == before["cells"][2]["outputs"]


def test_a_sound_notebook_is_not_touched(folder):
    """Seeded, sorted and pure cells have nothing to fix, and asking to write writes nothing."""
    path, place = folder(
        "import random\nrandom.seed(1)", "print(random.random(), sorted({'a', 'b'}))", saved=True
    )
    old = path.read_bytes()
    result = fix(path, ISOLATED, write=True)
    assert (result.after, result.edits, result.left, result.exit_code) == (None, (), (), 0)
    assert path.read_bytes() == old
    assert list(place.iterdir()) == [path]


def test_an_edit_that_fails_gives_way_to_the_next(folder):
    """Texts and numbers cannot be sorted together: the edit is withdrawn, and they are sorted by their text."""
    path, _ = folder(
        "mixed = {1, 'sea', 'hill', 'town', 'lake'}\nfor each in mixed:\n    print(each)"
    )
    result = fix(path, ISOLATED)
    assert result.after.level == Level.ROBUST
    assert "+for each in sorted(mixed, key=str):" in result.cells[0].diff
    assert [edit.reason for edit in result.withdrawn] == ["cell 0 fails with it"]


def test_a_definition_moves_up(folder):
    """A cell that needs a later one fails; with the later one in front of it, all is well."""
    path, _ = folder("print(width * 3)", "width = 2")
    result = fix(path, ISOLATED, write=True)
    assert result.before.level == Level.FAILS
    assert result.after.level == Level.ROBUST
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert sources == ["width = 2", "print(width * 3)"]


def test_the_recorded_order_gives_the_saved_outputs_again(folder):
    """Cells that ran in another order than they stand in go back to it: level 4."""
    path, _ = folder("price = 100", "print('to pay:', price)", "price = price - 20")
    node = nbformat.read(path, as_version=4)
    for cell, count in zip(node.cells, (1, 3, 2), strict=True):
        cell.execution_count = count
    node.cells[1].outputs = [nbformat.v4.new_output("stream", text="to pay: 80\n")]
    nbformat.write(node, path)
    result = fix(path, ISOLATED)
    assert (result.before.level, result.after.level) == (Level.ROBUST, Level.MATCHES)
    assert [cell.moved for cell in result.cells] == [True]


def test_what_needs_a_human_is_said(folder):
    """No edit of ours helps a kernel that ends itself: the cause is left, and the code is that of `verify`."""
    path, _ = folder("import os\nos._exit(1)")
    old = path.read_bytes()
    result = fix(path, ISOLATED, write=True)
    assert [cause.factor for cause in result.left] == ["kernel-death"]
    assert (result.exit_code, result.written, path.read_bytes()) == (3, False, old)


def test_no_notebook_is_a_result(tmp_path):
    """What cannot be read is told as `verify` tells it."""
    path = tmp_path / "study.ipynb"
    path.write_text("no JSON")
    result = fix(path, ISOLATED)
    assert result.exit_code == 2
    assert "not JSON" in result.before.error.message


def test_an_edit_that_changes_a_sound_cell_is_withdrawn(folder):
    """Sorting helps the cell with texts, and would change what the cell with numbers has always given."""
    function = "def show(each: set):\n    for one in each:\n        print(one)"
    path, _ = folder(function, "show({8, 1})", "show({'sea', 'hill', 'town', 'lake'})")
    result = fix(path, ISOLATED)
    assert result.after is None
    assert "cell 1 gives, which reproduced without it" in result.withdrawn[0].reason
    assert [cause.factor for cause in result.left] == ["hash-seed"]


def test_an_edit_stays_where_its_cause_is_gone_and_another_is_left(folder):
    """One of two sets in a cell cannot be seen in the code: the other is sorted, and the rest is told."""
    listed = "for word in set(words): print(word)\nprint(eval('set(words)'))"
    path, _ = folder("words = 'load clean train score plot report'.split()", listed)
    result = fix(path, ISOLATED)
    assert "+for word in sorted(set(words)): print(word)" in result.cells[0].diff
    assert [(cause.factor, cause.origin.line) for cause in result.left] == [("hash-seed", 2)]
    assert {edit.why for edit in result.edits}.isdisjoint(edit.why for edit in result.withdrawn)
    assert (result.after.level, result.exit_code) == (Level.RUNS, 1)


def test_what_cannot_be_written_is_shown_all_the_same(folder):
    """The edits that were found come with why they were not written."""
    path, place = folder()
    cells = [nbformat.v3.new_code_cell("import random\nprint(random.random())")]
    old = nbformat.v3.new_notebook(worksheets=[nbformat.v3.new_worksheet(cells=cells)])
    path.write_text(nbformat.v3.writes_json(old))
    result = fix(path, ISOLATED, write=True)
    assert "older format" in result.unwritten.message
    assert (result.written, result.exit_code, list(place.iterdir())) == (False, 2, [path])
    assert result.edits
    assert "Not written: " in text(result, 200)
