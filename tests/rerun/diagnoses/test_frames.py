"""The line of a cell that raised, read from the tracebacks of many versions of IPython."""

import pytest

from repro_nb.rerun.diagnoses.frames import failing_file, failure_origin

CELLS = ("def f():\n    return nothing", "x = 1\nf()")
IPYTHON_9 = """\
NameError                                 Traceback (most recent call last)
Cell In[2], line 2
      1 x = 1
----> 2 f()

Cell In[1], line 2, in f()
      1 def f():
----> 2     return nothing

NameError: name 'nothing' is not defined"""
IPYTHON_8_0 = """\
Input In [2], in <cell line: 2>()
      1 x = 1
----> 2 f()

Input In [1], in f()
      1 def f():
----> 2     return nothing

NameError: name 'nothing' is not defined"""
IPYTHON_7 = """\
<ipython-input-2-7d1b8ec0cd05> in <module>
      1 x = 1
----> 2 f()

<ipython-input-1-bb6f48d2c82a> in f()
      1 def f():
----> 2     return nothing

NameError: name 'nothing' is not defined"""
IPYKERNEL_6 = """\
/tmp/ipykernel_77/1834573521.py in <module>
      1 x = 1
----> 2 f()

/tmp/ipykernel_77/99571532.py in f()
      1 def f():
----> 2     return nothing

NameError: name 'nothing' is not defined"""


def place(case):
    """The origin as cell, line and code."""
    origin = failure_origin(case)
    return None if origin is None else (origin.cell, origin.line, origin.code)


@pytest.mark.parametrize("traceback", [IPYTHON_9, IPYTHON_8_0, IPYTHON_7, IPYKERNEL_6])
def test_the_innermost_line_of_a_cell_is_found(failing, traceback):
    """It is the line of the function, in the cell that defines it, whatever version wrote the traceback."""
    assert place(failing(*CELLS, traceback=traceback)) == (0, 2, "return nothing")


@pytest.mark.parametrize(
    "head",
    ['  File "<ipython-input-1-8f3c>", line 2', "  Cell In[1], line 2", "  File <tokenize>:2"],
)
def test_the_line_of_a_syntax_error_is_found(failing, head):
    """Such errors have no arrow."""
    case = failing("x = 1\nprint 'a'", traceback=f"{head}\n    print 'a'\n    ^\nSyntaxError: …")
    assert place(case) == (0, 2, "print 'a'")


def test_of_a_chain_the_last_exception_counts(failing):
    """What was caught before is not what ended the cell."""
    traceback = (
        "KeyError   Traceback (most recent call last)\nCell In[1], line 2\n----> 2 d[1]\n\nKeyError: 1\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "NameError  Traceback (most recent call last)\nCell In[1], line 4\n----> 4 y\n"
    )
    case = failing("try:\n    d[1]\nexcept KeyError:\n    y", traceback=traceback)
    assert place(case) == (0, 4, "y")


def test_a_traceback_without_a_cell_names_no_line(failing):
    """Nothing is made up."""
    assert place(failing("x", traceback="File /usr/lib/python3.11/json/decoder.py:355")) is None


def test_the_users_own_file_is_told_from_a_library(failing, tmp_path):
    """A module of the project may be what failed; an installed one is not the user's."""
    own = f"Cell In[1], line 1\n----> 1 import q\n\nFile {tmp_path}/q.py:7\n----> 7 import zoo"
    library = own.replace(str(tmp_path), "/opt/lib/python3.11/site-packages")
    assert failing_file(failing("import q", traceback=own)) == (tmp_path / "q.py", 7)
    assert failing_file(failing("import q", traceback=library)) is None


RAISING = {
    "\n\n# a comment\nraise ValueError": 4,
    "%%time\nx = 1\nraise ValueError": 3,
    "\n%%time\nraise ValueError": 3,
    "!true\nraise ValueError": 2,
    "%%bash\nexit 3": 1,
    "def f(v):\n    return [1 / w for w in v]\nf([0])": 2,
}


def test_lines_are_those_of_the_notebook(failed_in_kernel):
    """The kernel counts neither blank lines at a cell's head nor the line of a magic; the notebook does."""
    lines = [failure_origin(case).line for case in failed_in_kernel(*RAISING)]
    assert lines == list(RAISING.values())
