"""`repro-nb show` and `repro-nb diff`: nothing is executed."""

import json
import subprocess
import sys

import pytest

from repro_nb.recording.compare import CompareOptions
from repro_nb.recording.making import make_recording
from repro_nb.recording.store import write_recording
from repro_nb.records import CellRecord, Environment


def record(path, printed, state="a", numpy="2.4"):
    """Writes a recording of two cells, of which the first drew from numpy."""
    cells = [
        CellRecord(
            cell_id=f"cell-{i}",
            order=i,
            source_digest="",
            status="ok",
            seconds=0.1,
            before={"numpy": state},
            after={"numpy": "b" * 32},
            draws=("numpy",) if i == 0 else (),
        )
        for i in range(2)
    ]
    recording = make_recording(
        notebook="study.ipynb",
        kernel={"name": "python3"},
        records=cells,
        outputs=[[], [{"output_type": "stream", "name": "stdout", "text": printed}]],
        sources=["x = np.random.rand()", "print(x)"],
        floating=(),
        environment=Environment(
            python="CPython 3.11", os="Linux", cpu="x", cpu_count=2, packages={"numpy": numpy}
        ),
        level=4,
        seconds=[0.1, 0.2],
        previous=None,
        options=CompareOptions(),
    )
    path.parent.mkdir(exist_ok=True)
    write_recording(recording, path)
    return path


def test_show_prints_a_recording_legibly(cli, tmp_path):
    """Level, environment, cells and draws; outputs when asked for."""
    path = record(tmp_path / "study.repro.json", "0.25\n")
    shown = cli("show", path).stdout
    assert "4 (matches)" in shown
    assert "numpy 2.4" in shown
    assert "not set through repro_nb" in shown
    assert "→ bbbbbbbb" in shown
    assert "0.25" in cli("show", path, "--outputs").stdout


def test_show_finds_the_recording_of_a_notebook(cli, tmp_path):
    """The notebook's own name will do."""
    record(tmp_path / "study.repro.json", "0.25\n")
    assert "4 (matches)" in cli("show", "study.ipynb").stdout


def test_show_of_something_else_is_an_error(cli, tmp_path):
    """Exit 2, one sentence."""
    (tmp_path / "x.repro.json").write_text("{}")
    done = cli("show", "x.repro.json")
    assert done.returncode == 2
    assert done.stderr.startswith("error: x.repro.json: this is no recording")


def test_recordings_that_agree_exit_with_0(cli, tmp_path):
    """Another state and another package are told, but the results agree."""
    left = record(tmp_path / "a.repro.json", "0.25\n")
    right = record(tmp_path / "b.repro.json", "0.25\n", state="c", numpy="2.5")
    done = cli("diff", left, right)
    assert done.returncode == 0
    assert "all 2 cells agree" in done.stdout
    assert "Random state first differs in cell 0" in done.stdout
    assert "2.5" in done.stdout


def test_recordings_that_differ_exit_with_1(cli, tmp_path):
    """The first cell that differs is shown."""
    left = record(tmp_path / "a.repro.json", "0.25\n")
    right = record(tmp_path / "b.repro.json", "0.75\n")
    done = cli("diff", left, right, "--json", "--html", "d.html", "--markdown", "d.md")
    assert done.returncode == 1
    assert json.loads(done.stdout)["results"][0]["first"] == 1
    assert "cell 1" in (tmp_path / "d.md").read_text()
    assert "cell 1" in (tmp_path / "d.html").read_text()


def test_a_tolerance_can_be_given(cli, tmp_path):
    """--rtol and --exact decide what agrees."""
    left = record(tmp_path / "a.repro.json", "0.250001234\n")
    right = record(tmp_path / "b.repro.json", "0.250001235\n")
    assert cli("diff", left, right, "--rtol", "1e-3").returncode == 0
    assert cli("diff", left, right, "--exact").returncode == 1


def test_executed_notebooks_are_compared(cli, tmp_path, write):
    """Two notebooks need no recording."""
    write(tmp_path / "a.ipynb", ("x = 1", ""), ("print(x)", "1\n"))
    write(tmp_path / "b.ipynb", ("x = 1", ""), ("print(x)", "2\n"))
    done = cli("diff", "a.ipynb", "b.ipynb")
    assert done.returncode == 1
    assert "First difference: cell 1" in done.stdout


def test_folders_are_matched_by_relative_path(cli, tmp_path):
    """A notebook that one folder lacks is told, and counts."""
    record(tmp_path / "one" / "same.repro.json", "1\n")
    record(tmp_path / "two" / "same.repro.json", "1\n")
    assert cli("diff", "one", "two").returncode == 0
    record(tmp_path / "two" / "new.repro.json", "1\n")
    done = cli("diff", "one", "two")
    assert done.returncode == 1
    assert "only in B" in done.stdout


@pytest.mark.parametrize(
    "pair", [("a.repro.json", "."), ("a.repro.json", "none"), ("stripped.ipynb", "a.repro.json")]
)
def test_what_cannot_be_compared_is_an_error(cli, tmp_path, write, pair):
    """A file against a folder, a missing path, a notebook without outputs."""
    record(tmp_path / "a.repro.json", "1\n")
    notebook = write(tmp_path / "stripped.ipynb", ("x = 1", ""))
    notebook.write_text(
        notebook.read_text().replace('"execution_count": 1', '"execution_count": null')
    )
    done = cli("diff", *pair)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path, process_environment):
    """`repro-nb show … | head -1` ends quietly."""
    path = record(tmp_path / "a.repro.json", "line\n" * 50_000)
    command = [sys.executable, "-m", "repro_nb", "show", str(path), "--outputs"]
    with subprocess.Popen(
        command, env=process_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
