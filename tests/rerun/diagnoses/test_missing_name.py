"""NameErrors: where the name is defined, or was; and names of Python 2."""

import asyncio
from dataclasses import replace

import pytest

from repro_nb.rerun.diagnoses import diagnose


def undefined(told, name, *cells):
    """The cause of a NameError in the last of `cells`."""
    return told(*cells, type="NameError", message=f"name '{name}' is not defined")


def test_a_later_cell_defines_it(notebook, cause_of):
    """The fix names both cells; the line is the one that used it."""
    cause = cause_of(notebook("a = 1", "\nprint(a + b)", "b = 2"))
    assert (cause.factor, cause.cell, cause.origin.line) == ("missing-name", 1, 2)
    assert cause.fix == "Move cell 2 above cell 1."


@pytest.mark.parametrize(
    "definition",
    ["import b", "def b(): pass", "for b in []: pass", "%%capture b\n1", "with f() as b: pass"],
)
def test_every_way_to_define_it_counts(failing, definition):
    """Not assignments alone."""
    case = failing("b", definition, type="NameError", message="name 'b' is not defined")
    early = replace(case, run=replace(case.run, failure=replace(case.run.failure, cell=0)))
    (cause,) = asyncio.run(diagnose(early))
    assert "later cell: cell 1" in cause.evidence


def test_a_slip_of_the_pen(told):
    """A name that looks much like it is defined before."""
    assert (
        "cell 0 defines threshold"
        in undefined(told, "treshold", "threshold = 1", "treshold").evidence
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("spark", "Databricks"),
        ("__file__", "scripts"),
        ("np", "import numpy as np"),
        ("linspace", "pylab"),
    ],
)
def test_names_that_everybody_knows(told, name, said):
    """They come from another place, or lack their import."""
    cause = undefined(told, name, "x = 1", name)
    assert cause.factor == "missing-name"
    assert said in cause.evidence + cause.fix


def test_a_cell_that_is_gone(notebook, cause_of, save_as):
    """The output is there, the definition is not, and the counts have a gap."""
    path = save_as(notebook("a = 1", "print(a * factor)"), counts=[1, 4], printed={1: "3"})
    cause = cause_of(path)
    assert "no longer there" in cause.evidence
    assert "lack 2 runs" in cause.evidence


def test_a_name_of_a_function_alone(told):
    """It was never the notebook's."""
    source = "def load():\n    table = read()\n    return table"
    assert (
        "inside a function in cell 0"
        in undefined(told, "table_", source.replace("table", "table_"), "table_").evidence
    )


def test_a_star_import_may_have_brought_it(told):
    """What it brings cannot be read."""
    assert "from lab import *" in undefined(told, "gauss", "from lab import *", "gauss(1)").evidence


@pytest.mark.parametrize("name", ["xrange", "unicode", "raw_input", "reduce", "reload"])
def test_names_of_python_2(told, name):
    """They went with version 3.0."""
    cause = undefined(told, name, f"{name}(1)")
    assert (cause.factor, "Python 3.0" in cause.evidence) == ("removed-api", True)


def test_a_name_of_python_2_that_the_notebook_defines_is_its_own(told):
    """It is only not there yet."""
    cause = undefined(told, "reduce", "if late:\n    reduce = fold", "reduce(f, y)")
    assert cause.factor == "missing-name"
    assert "some of its branches" in cause.evidence


OLD_SYNTAX = {
    "x = 1\nprint 'hello'": "print statement",
    "x = 1\nexec 'x = 2'": "exec statement",
    "try:\n    x = 1\nexcept ValueError, e:\n    pass": "except Error, name",
    "x = 1\nif x <> 2: x = 3": "<>",
    "x = 1\ny = 10L": "long numbers",
    "x = 1\nmode = 0777": "octal",
    "x = 1\nraise ValueError, 'text'": "raise Error, text",
}


def test_syntax_of_python_2(failed_in_kernel):
    """With the line, in a real kernel's words."""
    for case, what in zip(failed_in_kernel(*OLD_SYNTAX), OLD_SYNTAX.values(), strict=True):
        (cause,) = asyncio.run(diagnose(case))
        assert cause.factor == "removed-api"
        assert what in cause.evidence
        assert cause.origin.line >= 2


def test_other_syntax_errors_are_not_put_down_to_python_2(told):
    """A missing bracket is a missing bracket."""
    cause = told("x = (1 +", type="SyntaxError", message="'(' was never closed (1.py, line 1)")
    assert cause.factor == "unexplained"


def test_two_names_that_one_statement_lacks_are_both_named(told):
    """Else the reader mends one, and runs into the other."""
    line = "frame = pd.concat([data, other])"
    trace = f"Cell In[2], line 1\n----> 1 {line}"
    cause = told(
        "other = 1", line, type="NameError", message="name 'pd' is not defined", traceback=trace
    )
    assert "needs data, which no cell" in cause.evidence
    assert cause.fix == "Add `import pandas as pd` to the first cell. Define data before this cell."
