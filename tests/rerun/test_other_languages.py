"""A kernel that is not Python is rerun and compared, without a record of its random state."""

import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from repro_nb.rerun import Level, verify


@pytest.fixture
def bash(tmp_path, monkeypatch):
    """A function that writes a notebook of bash cells."""
    folder = tmp_path / "jupyter" / "kernels" / "bash"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Bash", "language": "bash"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))

    def write(*cells):
        node = new_notebook(cells=[new_code_cell(source) for source in cells])
        node.metadata["kernelspec"] = {"name": "bash", "display_name": "Bash", "language": "bash"}
        nbformat.write(node, tmp_path / "study.ipynb")
        return tmp_path / "study.ipynb"

    return write


def test_a_sound_one_is_robust_and_its_limits_are_told(bash):
    """Its outputs are compared; that no random state was recorded is said, with the language."""
    result = verify(bash("echo $((6 * 7))"))
    assert (result.level, result.coverage.compared) == (Level.ROBUST, 1)
    assert any("bash" in finding.message for finding in result.findings)


def test_one_that_draws_differs(bash):
    """``$RANDOM`` differs from run to run."""
    result = verify(bash("echo start", "echo $RANDOM $RANDOM $RANDOM"))
    assert (result.level, result.run_to_run.divergent_cells) == (Level.RUNS, (1,))
