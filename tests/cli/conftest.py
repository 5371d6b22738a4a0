"""The command line as a user runs it: a process of its own, on notebooks on disk."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[2]


def environment():
    """The surroundings of a plain shell, in which the package is found."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")
    }
    return {**kept, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm"}


def run_cli(*arguments, cwd, **settings):
    """Runs ``repro-nb`` and gives the finished process."""
    command = [sys.executable, "-m", "repro_nb", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **settings,
    )


def write_notebook(path, *cells, kernel="python3"):
    """Writes an executed notebook: each cell is its code, and what it printed when it was saved."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    for number, (source, printed) in enumerate(cells, 1):
        output = [nbformat.v4.new_output("stream", text=printed)] if printed else []
        cell = nbformat.v4.new_code_cell(source, outputs=output, execution_count=number)
        cell["id"] = f"cell-{number}"
        notebook.cells.append(cell)
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def cli(tmp_path):
    """Runs ``repro-nb`` in an empty folder."""
    return lambda *arguments, **settings: run_cli(*arguments, cwd=tmp_path, **settings)


@pytest.fixture(scope="session")
def write():
    """Writes an executed notebook."""
    return write_notebook


@pytest.fixture(scope="session")
def run():
    """Runs ``repro-nb`` in a folder."""
    return run_cli


@pytest.fixture(scope="session")
def process_environment():
    """The surroundings of a plain shell."""
    return environment()


@pytest.fixture(scope="session")
def on_terminal():
    """Runs ``repro-nb`` with a terminal for its standard error; gives what went to standard output, and there."""

    def run(*arguments, cwd):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "repro_nb", *arguments]
        with subprocess.Popen(
            command, cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=theirs
        ) as process:
            os.close(theirs)
            seen = _read_all(ours)
            return process.stdout.read(), seen

    return run


def _read_all(terminal):
    """What was written to a terminal until its last user closed it."""
    pieces = []
    while True:
        try:
            pieces.append(os.read(terminal, 65536))
        except OSError:  # how Linux tells that nobody can write any more
            os.close(terminal)
            return b"".join(pieces).decode()
