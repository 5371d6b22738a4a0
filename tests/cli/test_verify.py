"""`repro-nb verify` on real notebooks, in real kernels."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest

from repro_nb.recording.store import read_recording
from repro_nb.rerun.report import validate


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write):
    """A sound notebook, one with an unseeded generator, one that raises."""
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder / "sound.ipynb", ("import random\nrandom.seed(1)", ""), ("print(6 * 7)", "42\n"))
    write(
        folder / "unseeded.ipynb",
        ("import random", ""),
        ("x = random.random()", ""),
        ("print(x)", "0.1234567\n"),
    )
    write(
        folder / "broken.ipynb",
        ("print('so far')", "so far\n"),
        ("1 / 0", ""),
        ("print('never')", ""),
    )
    return folder


@pytest.fixture(scope="module")
def verified(folder, run):
    """All three examined at once, with every kind of report."""
    before = {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}
    reports = ["--html", "report.html", "--markdown", "report.md", "--save", "executed", "--update"]
    done = run("verify", ".", "--json", *reports, cwd=folder)
    done.unchanged = before == {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}
    done.by_name = {result["notebook"]: result for result in json.loads(done.stdout)["results"]}
    return done


def test_json_is_all_that_standard_output_holds(verified):
    """The whole of it parses, and keeps the contract."""
    validate(json.loads(verified.stdout))
    assert verified.stderr == ""


def test_each_notebook_gets_its_level(verified):
    """Sound is 4, unseeded is 1, raising is 0; the highest exit code wins."""
    levels = {name: result["level"] for name, result in verified.by_name.items()}
    assert levels == {"sound.ipynb": 4, "unseeded.ipynb": 1, "broken.ipynb": 0}
    assert verified.returncode == 1


def test_the_first_divergent_cell_and_its_source_are_named(verified):
    """The cell that shows it, and the cell that first drew."""
    result = verified.by_name["unseeded.ipynb"]
    assert result["run_to_run"]["first"] == 2
    assert [(s["name"], s["cell"]) for s in result["diverged_sources"]] == [("python", 1)]


def test_a_cell_that_raises_is_named(verified):
    """Type, message and place of the error."""
    error = verified.by_name["broken.ipynb"]["error"]
    assert (error["cell"], error["type"]) == (1, "ZeroDivisionError")


def test_the_notebooks_are_left_as_they_were(verified):
    """Not one byte changes."""
    assert verified.unchanged


def test_the_reports_are_written(verified, folder):
    """One HTML page and one Markdown file over all notebooks."""
    assert "level 1 (runs)" in (folder / "report.html").read_text()
    assert "level 1 (runs)" in (folder / "report.md").read_text()


def test_the_executed_notebooks_are_saved(verified, folder):
    """With the outputs of the fresh run."""
    saved = nbformat.read(folder / "executed" / "sound.ipynb", as_version=4)
    assert saved.cells[1].outputs[0].text == "42\n"


def test_update_writes_recordings(verified, folder):
    """One beside each notebook that ran."""
    recording = read_recording(folder / "sound.repro.json")
    assert recording.level == 4
    assert recording.environment is not None
    assert [cell.id for cell in recording.cells] == ["cell-1", "cell-2"]


def test_recording_again_changes_run_facts_alone(verified, folder, run):
    """The recording of an unchanged notebook is the same, but for its run block."""

    def content():
        data = json.loads((folder / "sound.repro.json").read_text())
        return {key: value for key, value in data.items() if key != "run"}

    before = content()
    assert run("verify", "sound.ipynb", "--update", cwd=folder).returncode == 0
    assert content() == before


def test_the_report_leads_a_newcomer_to_the_fault(folder, run):
    """Verdict, cause, first divergent cell, next step; plain text in a pipe."""
    done = run("verify", "unseeded.ipynb", cwd=folder)
    assert done.returncode == 1
    for piece in (
        "level 1 (runs)",
        "Why not level 2 (repeats)",
        "draws from Python's `random`, which is not seeded",
        "First divergent cell: cell 2, In [3]",
        "`repro-nb fix unseeded.ipynb`",
    ):
        assert piece in done.stdout
    assert "\x1b" not in done.stdout


def test_the_bar_is_set_by_number_or_name(folder, run):
    """A notebook at its bar passes, and --quiet then says nothing."""
    done = run("verify", "unseeded.ipynb", "--fail-under", "runs", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_bar_that_does_not_exist_is_a_usage_error(folder, run):
    """Before anything runs."""
    done = run("verify", "sound.ipynb", "--fail-under", "11", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no level")


@pytest.mark.parametrize(
    "words", [["none.ipynb"], ["sound.ipynb", "--runs", "0"], ["sound.ipynb", "--rtol", "-1"]]
)
def test_what_cannot_be_done_is_told_before_anything_runs(folder, run, words):
    """Exit 2 and a sentence."""
    done = run("verify", *words, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_could_not_be_judged_wins_over_no_notebook(cli, tmp_path, write):
    """Over many notebooks 3 > 2 > 1 > 0."""
    write(tmp_path / "other.ipynb", ("1", ""), kernel="no-such-kernel")
    (tmp_path / "text.ipynb").write_text("no notebook")
    assert cli("verify", "text.ipynb", "--quiet").returncode == 2
    done = cli("verify", ".", "--json")
    assert done.returncode == 3
    assert {result["status"] for result in json.loads(done.stdout)["results"]} == {"error"}


def test_progress_goes_to_the_terminal_and_json_to_the_pipe(folder, on_terminal):
    """A bar on standard error, nothing of it on standard output."""
    printed, seen = on_terminal("verify", "sound.ipynb", "--runs", "1", "--json", cwd=folder)
    validate(json.loads(printed))
    assert "sound.ipynb, run A" in seen


@pytest.fixture
def interrupted(folder, tmp_path, write, process_environment):
    """Sends a signal to a command whose second notebook sleeps; gives what is left of it."""

    def interrupt(number, *options, verb="verify"):
        marker = tmp_path / "started"  # the notebook's own folder is overlaid, this one is not
        code = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)"
        (tmp_path / "sleeper").mkdir()
        (tmp_path / "temp").mkdir()
        sleeper = write(tmp_path / "sleeper" / "sleeper.ipynb", (code, ""))
        command = [sys.executable, "-m", "repro_nb", verb, "sound.ipynb", sleeper, *options]
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**process_environment, "TMPDIR": str(tmp_path / "temp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            deadline = time.monotonic() + 60
            while not marker.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            kernels = psutil.Process(process.pid).children(recursive=True)
            scratch = _scratch_folders(process.pid)
            # `timeout` sends its signal twice.
            for _ in range(1 if number == signal.SIGINT else 2):
                process.send_signal(number)
            printed, told = process.communicate(timeout=60)
        return Ended(process.returncode, printed.decode(), told.decode(), kernels, scratch)

    return interrupt


@dataclass(frozen=True)
class Ended:
    """What is left of a process that was told to end."""

    returncode: int
    printed: str
    told: str
    kernels: list
    scratch: list


def _scratch_folders(pid):
    """The scratch folders of a process: those whose lock it holds."""
    opened = [Path(file.path) for file in psutil.Process(pid).open_files()]
    return [file.parent for file in opened if file.name == "lock"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_end_is_treated_as_ctrl_c(interrupted, tmp_path, number, code):
    """What was finished is printed as valid JSON; neither kernels nor scratch folders stay behind."""
    ended = interrupted(number, "--runs", "1", "--json")
    assert ended.returncode == code
    validate(json.loads(ended.printed))
    statuses = [result["status"] for result in json.loads(ended.printed)["results"]]
    assert statuses == ["ok", "error"]
    assert ended.kernels
    assert ended.scratch
    _, alive = psutil.wait_procs(ended.kernels, timeout=10)
    assert not alive
    assert not [folder for folder in ended.scratch if folder.exists()]
    assert not list((tmp_path / "temp").glob("repro_nb-*"))


def test_after_a_signal_the_report_is_told_in_words(interrupted):
    """Both notebooks have their place in the report, and no advice is given."""
    ended = interrupted(signal.SIGTERM, "--runs", "1")
    assert "interrupted: what was finished follows" in ended.told
    assert "Interrupted: interrupted by the user" in ended.printed
    assert "1 could not be judged" in ended.printed
    assert "Next" not in ended.printed.partition("sleeper.ipynb")[2]


def test_ctrl_c_keeps_what_was_finished(interrupted):
    """Exit 130; the first notebook's result is printed, and so is what is known of the second."""
    ended = interrupted(signal.SIGINT, "--runs", "1", "--json")
    assert ended.returncode == 130
    results = json.loads(ended.printed)["results"]
    assert [result["status"] for result in results] == ["ok", "error"]


def test_ctrl_c_keeps_what_fix_knows(interrupted):
    """The notebook that was finished is printed, and so is the one that was being examined."""
    ended = interrupted(signal.SIGINT, "--json", verb="fix")
    assert ended.returncode == 130
    results = json.loads(ended.printed)["results"]
    assert [result["notebook"].rpartition("/")[2] for result in results] == [
        "sound.ipynb",
        "sleeper.ipynb",
    ]
    assert results[1]["before"]["error"]["message"] == "interrupted by the user"


def test_a_bar_that_cannot_be_reached_is_a_usage_error(folder, run):
    """Level 5 is on the ladder, but no notebook gets it yet."""
    done = run("verify", "sound.ipynb", "--fail-under", "locked", cwd=folder)
    assert done.returncode == 2
    assert "cannot be reached in this version" in done.stderr


def test_a_notebook_that_waits_for_input_is_told_why_it_fails(cli, tmp_path, write):
    """Restart and run all would not help."""
    write(tmp_path / "asks.ipynb", ("name = input('Name? ')", ""))
    done = cli("verify", "asks.ipynb", "--runs", "1")
    assert done.returncode == 1
    assert "asks its reader for input, and in a rerun nobody answers" in done.stdout
    assert "An error occurred while executing" not in done.stdout


def test_a_file_that_is_no_notebook_is_told_in_one_line(cli, tmp_path):
    """Path and reason."""
    (tmp_path / "empty.ipynb").touch()
    done = cli("verify", "empty.ipynb")
    assert done.returncode == 2
    assert done.stdout == "error: empty.ipynb: the file is empty. Save the notebook first.\n"
