"""Reading notebooks as they lie on disk, sound or not."""

import json

import pytest

from repro_nb.errors import NotebookError, UsageError
from repro_nb.rerun.notebook import find_notebooks, read_notebook

V2 = {
    "nbformat": 2,
    "nbformat_minor": 0,
    "metadata": {"name": "old"},
    "worksheets": [
        {"cells": [{"cell_type": "code", "language": "python", "input": "1 + 1", "outputs": []}]}
    ],
}
V3 = {**V2, "nbformat": 3}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"print(1)", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1, 2]", "no notebook"),
        (b'{"a": 1}', "no notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "no notebook"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [7]}', "no "),
        (b'{"nbformat": 99, "nbformat_minor": 5, "metadata": {}, "cells": []}', "newer than 4"),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_what_is_no_notebook_is_refused_with_its_reason(tmp_path, content, words):
    """Every kind of wrong file gets a typed error that names the file and the reason."""
    path = tmp_path / "study.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=words) as caught:
        read_notebook(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_told_so(tmp_path):
    """The system's own reason is passed on."""
    with pytest.raises(NotebookError, match="No such file"):
        read_notebook(tmp_path / "gone.ipynb")


@pytest.mark.parametrize("content", [V2, V3], ids=["nbformat 2", "nbformat 3"])
def test_old_formats_are_read(tmp_path, content):
    """Notebooks of formats 2 and 3 are converted in memory."""
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(content))
    assert [cell.source for cell in read_notebook(path).code_cells] == ["1 + 1"]


def test_what_lax_writers_leave_out_is_filled_in(tmp_path):
    """A code cell without outputs, metadata or id is still a cell."""
    cells = [{"cell_type": "code", "source": ["a = 1\n", "a"]}, {"cell_type": "markdown"}]
    path = tmp_path / "lax.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": cells}))
    (cell,) = read_notebook(path).code_cells
    assert (cell.source, cell.outputs) == ("a = 1\na", ())
    assert cell.id.startswith("0-")


def test_folders_are_searched_and_globs_expanded(tmp_path, monkeypatch):
    """Each notebook is found once, in order; checkpoints and what was run pinned are not."""
    names = ("b.ipynb", "a.ipynb", "sub/c.ipynb", "sub/c.pinned.ipynb")
    for name in (*names, ".ipynb_checkpoints/a-checkpoint.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert [str(p) for p in find_notebooks(["."])] == ["a.ipynb", "b.ipynb", "sub/c.ipynb"]
    assert [str(p) for p in find_notebooks(["*.ipynb", "a.ipynb"])] == ["a.ipynb", "b.ipynb"]


def test_nothing_found_is_an_error(tmp_path):
    """An empty folder does not pass in silence."""
    with pytest.raises(UsageError, match="no notebook found"):
        find_notebooks([str(tmp_path)])
