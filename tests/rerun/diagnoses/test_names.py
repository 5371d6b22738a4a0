"""Names and line numbers of cells, magics included."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.diagnoses.names import imported_by, names_of
from repro_nb.rerun.notebook import read_notebook

LINES = st.sampled_from(
    [
        "",
        "# note",
        "x = 1",
        "!ls -l",
        "%matplotlib inline",
        "y = !pwd",
        "x += 1",
        "z = %who_ls",
        "d?",
    ]
)


@given(st.lists(LINES, max_size=8))
def test_line_numbers_are_those_of_the_notebook(lines):
    """Magics, shell commands and blank lines move nothing."""
    tree = parse_cell("\n".join([*lines, "marked = 1"]))
    last = tree.body[-1]
    assert isinstance(last, ast.Assign)
    assert (last.targets[0].id, last.lineno) == ("marked", len(lines) + 1)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    """No cell, however broken, stops a diagnosis."""
    names_of(text)


@pytest.mark.parametrize(
    ("source", "binds", "needs"),
    [
        ("df = df.dropna()", {"df"}, {"df"}),
        ("x = 1\nx += y", {"x"}, {"y"}),
        ("def f(a):\n    b = a\n    return b + c", {"f"}, {"c"}),
        ("%%capture kept\nprint(x)", {"kept"}, {"x"}),
        ("%time y = g(x)", {"y"}, {"g", "x"}),
        ("%%bash\necho $x", set(), set()),
        ("[a for a in b]", set(), {"b"}),
        ("import numpy as np\nfrom os import path", {"np", "path"}, set()),
    ],
)
def test_what_a_cell_binds_and_needs(source, binds, needs):
    """In the order in which Python evaluates it."""
    names = names_of(source)
    assert (names.binds, names.needs) == (binds, needs)


@pytest.mark.parametrize("source", ["%run other.py", "exec(text)", "from m import *", "print 'x'"])
def test_what_cannot_be_read_is_said(source):
    """Such a cell may bind anything."""
    assert names_of(source).opaque


def test_modules_are_found_through_the_names_that_are_used(notebook):
    """An import in the first cell counts for the cell that uses it."""
    path = notebook("import numpy as np\nimport json", "a = np.ones(2)", "b = 1")
    cells = read_notebook(path).code_cells
    assert imported_by(cells, [1]) == {"numpy"}
    assert imported_by(cells, [2]) == set()
