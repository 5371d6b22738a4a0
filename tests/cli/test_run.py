"""`repro-nb run --pinned` on real notebooks, in real kernels."""

import json

import nbformat
import pytest

CODE = (
    "import random, time, uuid\n"
    "print(random.random(), uuid.uuid4(), time.time())\n"
    "print({'alpha', 'beta', 'gamma', 'delta', 'epsilon'})"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write):
    """A notebook that gives something else in every plain run, and one that raises."""
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder / "restless.ipynb", (CODE, "saved\n"))
    write(folder / "broken.ipynb", ("print('so far')", ""), ("1 / 0", ""))
    return folder


def printed(path):
    """What the first cell of a notebook on disk printed."""
    return nbformat.read(path, as_version=4).cells[0].outputs[0].text


def test_an_unchanged_notebook_gives_the_same_outputs_every_time(folder, run):
    """The source stays as it is; what was pinned is in the metadata of the executed one."""
    before = (folder / "restless.ipynb").read_bytes()
    for name in ("one.ipynb", "two.ipynb"):
        assert run("run", "restless.ipynb", "--pinned", "-o", name, cwd=folder).returncode == 0
    assert printed(folder / "one.ipynb") == printed(folder / "two.ipynb") != "saved\n"
    assert (folder / "restless.ipynb").read_bytes() == before
    metadata = nbformat.read(folder / "one.ipynb", as_version=4).metadata
    assert metadata["repro_nb"]["pinned"]["hash-seed"] == "0"
    assert (folder / "one.ipynb").read_bytes() == (folder / "two.ipynb").read_bytes()


def test_what_no_pin_reaches_is_said(folder, run):
    """A user does not take races and child processes for held."""
    done = run("run", "restless.ipynb", "--pinned", "-o", "said.ipynb", cwd=folder)
    assert "races between threads, child processes" in " ".join(done.stdout.split())


def test_a_notebook_that_raises_is_saved_as_far_as_it_ran(folder, run):
    """Beside the notebook where nothing else is asked for; exit 1."""
    done = run("run", "broken.ipynb", "--pinned", cwd=folder)
    assert done.returncode == 1
    assert "ZeroDivisionError in cell 1" in done.stdout
    assert printed(folder / "broken.pinned.ipynb") == "so far\n"


def test_json_is_all_that_standard_output_holds(folder, run):
    """What was pinned, where it was written, how it ended."""
    done = run("run", "broken.ipynb", "--pinned", "--json", "-o", "out.ipynb", cwd=folder)
    data = json.loads(done.stdout)
    (result,) = data["results"]
    assert data["schema"] == "repro_nb/run/1"
    assert (result["output"], result["status"], result["exit_code"]) == ("out.ipynb", "failed", 1)
    assert result["error"]["cell"] == 1
    assert result["pinned"]["hash-seed"] == "0"


def test_without_pinned_it_says_what_it_is_for(folder, run):
    """Plain execution is another tool's."""
    done = run("run", "restless.ipynb", cwd=folder)
    assert done.returncode == 2
    assert "say --pinned" in done.stderr
    assert "nbconvert" in done.stderr
