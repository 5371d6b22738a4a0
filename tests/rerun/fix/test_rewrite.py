"""Writing edits into the file of a notebook: all else stays byte for byte."""

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.errors import NotebookError
from repro_nb.rerun.fix.changes import KernelChange, Move, Preamble, Proposal, Splice
from repro_nb.rerun.fix.draft import draft
from repro_nb.rerun.fix.json_spans import elements, members
from repro_nb.rerun.fix.rewrite import rewritten
from repro_nb.rerun.fix.script import script_of
from repro_nb.rerun.fix.writing import replace_notebook
from repro_nb.rerun.notebook import Notebook, read_notebook

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
SOURCES = st.one_of(
    st.sampled_from(
        ["import os", "x = 'ü'\ny = 2\n", "%time x\n\n# é\u2028end", "", "print(1)\n" * 3]
    ),
    TEXTS,
)
ODD = st.sampled_from([1.0, 1e22, -0.0, 12345678901234567890, "\x7f\u2028", [], {}, None, True])


@st.composite
def cells(draw, minor):
    """A cell as some program may have written it, its keys in any order."""
    source = draw(SOURCES)
    as_list = draw(st.booleans())
    cell = {"cell_type": draw(st.sampled_from(["code", "code", "markdown"]))}
    cell["source"] = source.splitlines(keepends=True) if as_list else source
    cell["metadata"] = {"odd": draw(ODD)}
    if cell["cell_type"] == "code":
        cell["outputs"] = []
        cell["execution_count"] = draw(st.sampled_from([None, 3]))
    if minor >= 5:
        cell["id"] = f"c{draw(st.integers(0, 10**9))}"
    return dict(draw(st.permutations(list(cell.items()))))


@st.composite
def files(draw):
    """The text of a notebook's file in some style of JSON."""
    minor = draw(st.sampled_from([2, 4, 5]))
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": draw(st.lists(cells(minor), min_size=1, max_size=4)),
        "metadata": {"kernelspec": spec, "odd": draw(ODD)},
        "nbformat": 4,
        "nbformat_minor": minor,
    }
    notebook = dict(draw(st.permutations(list(notebook.items()))))
    indent = draw(st.sampled_from([None, 0, 1, 2, "\t"]))
    text = json.dumps(notebook, indent=indent, ensure_ascii=draw(st.booleans()))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))) + draw(
        st.sampled_from(["", "\n"])
    )


def _read(text):
    # As `read_notebook` does, without a file.
    from repro_nb.rerun.notebook import _node

    return Notebook(Path("/nowhere/study.ipynb"), _node(text, "study.ipynb"))


def _raw_cells(text):
    top = {member.key: member for member in members(text, text.index("{"))}["cells"]
    return [cell.of(text) for cell in elements(text, top.start)], text[: top.start], text[top.end :]


@given(files(), st.data())
def test_only_the_named_cells_change(text, data):
    """Texts of some cells change, a cell is new, one moves: every other byte is where it was."""
    notebook = _read(text)
    count = len(notebook.code_cells)
    if not count:
        return
    named = data.draw(st.sets(st.integers(0, count - 1)))
    changes = [Splice(cell, 0, 0, "# ünlike\n") for cell in named]
    if data.draw(st.booleans()):
        changes.append(Preamble(0, ("%load_ext repro_nb",)))
    if count > 1 and data.draw(st.booleans()):
        changes.append(Move(count - 1, 0))
    edited = draft(notebook, script_of(notebook), [Proposal(tuple(changes), "")])
    result = rewritten(text, edited)
    before, head, tail = _raw_cells(text)
    after, new_head, new_tail = _raw_cells(result)
    assert (new_head, new_tail) == (head, tail)
    for raw, at in zip(after, edited.layout, strict=True):
        if at is not None and at not in edited.sources:
            assert raw == before[at]
    reread = _read(result)
    assert [c.source for c in reread.code_cells] == [c.source for c in edited.notebook.code_cells]


@given(files())
def test_no_edit_changes_nothing(text):
    """A notebook without edits is written as it was, to the byte."""
    notebook = _read(text)
    assert rewritten(text, draft(notebook, script_of(notebook), [])) == text


@given(files())
def test_new_cells_are_valid(text):
    """A new cell has an id where the format asks for one, and only there."""
    notebook = _read(text)
    if notebook.code_cells:
        edited = draft(notebook, script_of(notebook), [Proposal((Preamble(0, ("%magic",)),), "")])
        new = json.loads(rewritten(text, edited))["cells"][list(edited.layout).index(None)]
        assert new["cell_type"] == "code"
        assert ("id" in new) == (notebook.node.nbformat_minor >= 5)


def test_unchanged_lines_keep_their_escapes():
    """In a cell that changes, lines that stay are not written in another way."""
    head = (
        '{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, '
    )
    source = '"source": ["a = \\"\\u00fc\\u002f\\"\\n", "b"]}], '
    text = f'{head}{source}"metadata": {{}}, "nbformat": 4, "nbformat_minor": 4}}'
    notebook = _read(text)
    edited = draft(notebook, script_of(notebook), [Proposal((Splice(0, 9, 10, "c"),), "")])
    assert '["a = \\"\\u00fc\\u002f\\"\\n", "c"]' in rewritten(text, edited)


def test_kernel_changes_in_place():
    """Another kernel is two names in the metadata, and nothing else."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "1",
    }
    whole = {"metadata": {"kernelspec": spec}, "cells": [cell], "nbformat": 4, "nbformat_minor": 4}
    text = json.dumps(whole, indent=3)
    notebook = _read(text)
    change = KernelChange("python3-reproducible", "Python 3 (reproducible)")
    edited = draft(notebook, script_of(notebook), [Proposal((change,), "")])
    expected = text.replace('"python3"', '"python3-reproducible"').replace(
        '"Python 3"', '"Python 3 (reproducible)"'
    )
    assert rewritten(text, edited) == expected


def test_older_formats_are_refused(tmp_path):
    """A notebook of nbformat 3 can be examined, and is not written."""
    path = tmp_path / "old.ipynb"
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("x=1")])]
    )
    path.write_text(nbformat.v3.writes_json(old))
    notebook = read_notebook(path)
    edited = draft(notebook, script_of(notebook), [Proposal((Splice(0, 0, 0, "# "),), "")])
    with pytest.raises(NotebookError, match="older format"):
        rewritten(path.read_text(), edited)


def test_backups_are_numbered(tmp_path):
    """An earlier backup is never replaced."""
    path = tmp_path / "study.ipynb"
    path.write_bytes(b"one")
    path.chmod(0o600)
    assert replace_notebook(path, b"one", b"two").name == "study.ipynb.bak"
    assert replace_notebook(path, b"two", b"three").name == "study.ipynb.bak.2"
    kept = [tmp_path / "study.ipynb.bak", tmp_path / "study.ipynb.bak.2", path]
    assert [file.read_bytes() for file in kept] == [b"one", b"two", b"three"]
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}


def test_a_notebook_that_changed_meanwhile_is_left_alone(tmp_path):
    """What was saved while the runs went on is not lost."""
    path = tmp_path / "study.ipynb"
    path.write_bytes(b"newer")
    with pytest.raises(NotebookError, match="was changed while"):
        replace_notebook(path, b"old", b"edited")
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]
