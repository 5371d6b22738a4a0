"""The reports on a difference between two examined notebooks."""

import json

import pytest
from rich.console import Console

from repro_nb.recording.diff import CellDiff, NotebookDiff, SourceDifference
from repro_nb.recording.environment_diff import EnvironmentDifference
from repro_nb.recording.outcome import CellComparison, Outcome, OutputComparison
from repro_nb.rerun.report import diff_contract, diff_markdown, diff_terminal, diff_webpage

HOSTILE = "<script>x</script> \x1b[31m |"


@pytest.fixture
def diff():
    """Two sides of which the second cell differs, after a source had parted in the first."""
    output = OutputComparison(
        outcome=Outcome.DIFFERENT,
        output=0,
        kind="stdout",
        reason=HOSTILE,
        expected="1\n",
        actual="2\n",
    )
    cells = (
        CellDiff(
            left=0,
            right=0,
            id="a",
            comparison=CellComparison(outputs=()),
            sources=(SourceDifference(name="numpy", what="another state before the cell"),),
        ),
        CellDiff(
            left=1, right=2, id="b", source=HOSTILE, comparison=CellComparison(outputs=(output,))
        ),
        CellDiff(left=None, right=1, id="new"),
    )
    facts = (EnvironmentDifference(group="packages", name="numpy", left="1.26", right=None),)
    return NotebookDiff(
        name=HOSTILE, left="A", right="B", cells=cells, environment=facts, environment_known=True
    )


def test_the_terminal_names_the_first_difference_and_what_came_before(diff):
    """First the cell, then the source that had already parted, then the environment."""
    console = Console(width=100)
    with console.capture() as capture:
        console.print(diff_terminal.diff_report([diff]))
    report = capture.get()
    assert "2 of 3 cells differ" in report
    assert "First difference: cell 1 in A, 2 in B" in report
    assert "Random state first differs in cell 0: numpy, another state before the cell" in report
    assert "1.26" in report
    assert "\x1b[31m |" not in report


def test_markdown_and_page_escape_what_comes_from_a_notebook(diff):
    """The same report, with the same care."""
    assert "\\<script\\>" in diff_markdown.markdown([diff])
    page = diff_webpage.html([diff])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_json_says_it_all(diff):
    """Positions, outcomes and the environment, for a program to read."""
    data = json.loads(json.dumps(diff_contract.envelope([diff])))
    (result,) = data["results"]
    assert data["schema"] == "repro_nb/diff/1"
    assert (result["agrees"], result["first"], result["first_state"]) == (False, 1, 0)
    assert [cell["outcome"] for cell in result["cells"]] == [None, "different", "extra"]


def test_a_notebook_on_one_side_alone_is_told():
    """Of two folders, one may lack a notebook."""
    console = Console(width=100)
    with console.capture() as capture:
        console.print(diff_terminal.diff_report([NotebookDiff(name="x", left="A", right=None)]))
    assert "only in A" in capture.get()
