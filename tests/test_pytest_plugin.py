"""`pytest --repro` in a project of its own."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[1]
INSTALLED = any(each.value == "repro_nb.pytest_plugin" for each in entry_points(group="pytest11"))


def write(path, source, printed):
    """Writes a notebook of one executed cell."""
    output = nbformat.v4.new_output("stream", text=printed)
    cell = nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a sound notebook, one that never repeats, and one plain test."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_plain.py").write_text("def test_plain(): pass\n")
    write(folder / "sound.ipynb", "print(6 * 7)", "42\n")
    write(folder / "unseeded.ipynb", "import random\nprint(random.random())", "0.5\n")
    return folder


def run_pytest(folder, *arguments):
    """Runs pytest with the plugin, as an installed package would."""
    plugin = [] if INSTALLED else ["-p", "repro_nb.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_notebook_is_one_test_that_fails_with_its_report(project):
    """Below the bar is a failure, and its text is the report."""
    done = run_pytest(project, "--repro")
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
    assert "level 1 (runs)" in done.stdout
    assert "First divergent cell: cell 0" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_bar_can_be_lowered(project):
    """--repro-level by name."""
    assert (
        "1 passed"
        in run_pytest(project, "--repro", "--repro-level", "runs", "unseeded.ipynb").stdout
    )


def test_without_the_flag_nothing_happens(project):
    """No notebook is collected, and nothing heavy is imported."""
    (project / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n    print('nbclient' in sys.modules, 'rich' in sys.modules)\n"
    )
    done = run_pytest(project)
    (project / "conftest.py").unlink()
    assert "1 passed" in done.stdout
    assert "False False" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--repro", "--nbval"], "give one of them"),
        (["--repro", "--nbval-lax"], "give one of them"),
        (["--repro-level", "4"], "needs --repro"),
        (["--repro", "--repro-level", "heaven"], "there is no level"),
        (["--repro", "--repro-level", "5"], "cannot be reached in this version"),
    ],
)
def test_options_that_contradict_one_another_are_refused(project, options, message):
    """A usage error, before anything runs."""
    done = run_pytest(project, *options)
    assert done.returncode == 4
    assert message in done.stderr
