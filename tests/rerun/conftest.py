"""Notebooks made on the spot, and how they are examined."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture
def notebook(tmp_path):
    """A function that writes a notebook of the given cells and returns its path.

    With ``saved=True`` it is executed first, so that it has outputs.
    """

    def write(
        *cells, saved=False, name="study.ipynb", kernel="python3", language="python", tags=None
    ):
        node = new_notebook(cells=[new_code_cell(source) for source in cells])
        node.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
        if language is not None:
            node.metadata["kernelspec"]["language"] = language
        for index, cell in enumerate(node.cells):
            cell["id"] = f"cell-{index}"
            cell.metadata["tags"] = (tags or {}).get(index, [])
        if saved:
            NotebookClient(node, allow_errors=True).execute(cwd=str(tmp_path))
        path = tmp_path / name
        nbformat.write(node, path)
        return path

    return write
