"""Notebooks in memory, and edits for causes that are written by hand."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, to_notebook_json

from repro_nb.rerun.fix.draft import draft
from repro_nb.rerun.fix.edits import proposals_for
from repro_nb.rerun.fix.script import script_of
from repro_nb.rerun.notebook import Notebook
from repro_nb.rerun.result import Cause, Grade, Origin


@pytest.fixture(scope="session")
def in_memory():
    """A function that makes a notebook of the given cells, which is nowhere on disk."""

    def make(*cells, folder=Path("/nowhere"), counts=()):
        node = to_notebook_json(new_notebook(cells=[new_code_cell(source) for source in cells]))
        for cell, count in zip(node.cells, counts, strict=False):
            cell.execution_count = count
        return Notebook(folder / "study.ipynb", node)

    return make


@pytest.fixture(scope="session")
def cause():
    """A function that makes a cause."""

    def make(factor, cell, line=None, at=None, **known):
        place = cell if at is None else at
        origin = None if line is None else Origin(cell=place, line=line, code="")
        known = {"evidence": "", **known}
        return Cause(cell=cell, factor=factor, grade=Grade.PROVED, origin=origin, **known)

    return make


@pytest.fixture(scope="session")
def edited(in_memory):
    """A function that gives the cells after proposal number `choice` for a cause, or None where there is none."""

    def edit(cause, *cells, choice=0, **settings):
        notebook = in_memory(*cells, **settings)
        script = script_of(notebook)
        proposals = proposals_for(cause, script)
        if choice >= len(proposals):
            return None
        made = draft(notebook, script, [proposals[choice]]).notebook
        return [cell.source for cell in made.code_cells]

    return edit
