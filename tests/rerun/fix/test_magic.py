"""``%repro_verify --fix`` in a notebook."""

import nbformat
from nbclient import NotebookClient


def test_the_magic_shows_the_edits(notebook, tmp_path):
    """The same diff as on the command line, below the cell; the file stays as it is."""
    path = notebook("import random", "print(random.random())")
    old = path.read_bytes()
    asking = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("%load_ext repro_nb\n%repro_verify study.ipynb --fix")]
    )
    NotebookClient(asking).execute(cwd=str(tmp_path))
    shown = asking.cells[0].outputs[-1].data
    assert "+random.seed(42)" in shown["text/plain"]
    assert "+random.seed(42)" in shown["text/html"]
    assert path.read_bytes() == old
