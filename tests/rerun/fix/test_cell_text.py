"""Reading a cell's Python, and finding where in its text a node stands."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.rerun.fix.cell_text import CellText, OverlapError, spliced
from repro_nb.rerun.fix.changes import Preamble, Proposal, Splice
from repro_nb.rerun.fix.draft import draft
from repro_nb.rerun.fix.script import script_of

LINES = st.sampled_from(
    [
        "x = 1",
        "s = 'ünlïke \U0001f600'; mark",
        "%matplotlib inline",
        "!ls -l \\\n   more",
        "files = !ls",
        "value = %timeit -o f()",
        "%time mark",
        "df.head?",
        "# comment % !",
        "",
        "def f(a=(1,\n         2)):\n    return mark",
        "for é in mark:\n    !echo {é}",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n"])


@given(st.lists(LINES, min_size=1, max_size=8), ENDS)
def test_nodes_are_found_where_they_stand(lines, end):
    """Whatever magics, bytes and line ends surround a name, its place in the text is right."""
    text = CellText("\n".join(lines).replace("\n", end))
    assert text.is_python
    names = [node for node in text.nodes() if isinstance(node, ast.Name) and node.id == "mark"]
    assert len(names) == sum("mark" in line for line in lines)
    assert {text.text(name) for name in names} <= {"mark"}


@pytest.mark.parametrize("source", ["%%bash\nls", "%%html\n<b>", "print 'x'", "x = ("])
def test_what_is_no_python(source):
    """Cells of other languages, and what cannot be read, have no nodes."""
    text = CellText(source)
    assert not text.is_python
    assert list(text.nodes()) == []


@given(
    st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.text(max_size=3)), max_size=4)
)
def test_insertions_keep_all_else(source, places):
    """What was there stays, in its order."""
    splices = [Splice(0, min(at, len(source)), min(at, len(source)), text) for at, text in places]
    result = spliced(source, splices)
    rest = iter(result)
    assert all(character in rest for character in source)
    assert len(result) == len(source) + sum(len(each.text) for each in dict.fromkeys(splices))


def test_changes_that_want_the_same_text_are_refused():
    """Of two that overlap neither is half made."""
    with pytest.raises(OverlapError):
        spliced("abcdef", [Splice(0, 0, 3, "x"), Splice(0, 2, 4, "y")])


@given(
    st.lists(st.sampled_from(["a = 1", "b = [2]", "", "# é"]), min_size=1, max_size=5), st.data()
)
def test_lines_are_traced_back(in_memory, lines, data):
    """A line of an edited cell is known by its number in the original."""
    notebook = in_memory("\n".join(lines))
    cell = script_of(notebook).cells[0]
    line = data.draw(st.integers(1, len(lines)))
    start = cell.line_start(line)
    changes = (Splice(0, start, start, "new = 0\nnewer = 1\n"), Preamble(0, ("seed()",)))
    edited = draft(notebook, script_of(notebook), [Proposal(changes, "")])
    found = edited.notebook.code_cells[0].source.split("\n")
    for number, text in enumerate(found, 1):
        original = edited.original_line(0, number)
        assert text in ("new = 0", "newer = 1", "seed()", lines[original - 1])
