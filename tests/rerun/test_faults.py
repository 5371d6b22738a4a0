"""Kernels that die, hang, flood or are not there: a typed error or a correct report, and nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from repro_nb.rerun import Level, VerifyOptions, verify
from repro_nb.rerun.result import CellStatus, Status


def kernels(pid):
    """The kernels that a process has started."""
    return [child for child in psutil.Process(pid).children(recursive=True) if is_kernel(child)]


def is_kernel(process):
    """Whether it is a kernel itself, not what was put before its command, nor gone meanwhile."""
    try:
        return process.cmdline()[1:3] == ["-m", "ipykernel_launcher"]
    except psutil.Error:
        return False


def wait_for_kernels(pid):
    """The kernels of a process, as soon as there are two of them."""
    deadline = time.monotonic() + 60
    while len(found := kernels(pid)) < 2:
        assert time.monotonic() < deadline, "no kernel came up"
        time.sleep(0.1)
    return found


def alive(processes):
    """Those of the processes that still run."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
    ids=["exits", "killed, as when memory runs out"],
)
def test_a_kernel_that_dies_is_told_with_its_cell(notebook, source, words):
    """The report names the cell, and how the process ended; the cells before it are kept."""
    result = verify(notebook("print('before')", source, "print('after')"))
    assert (result.status, result.level, result.exit_code) == (Status.ERROR, None, 3)
    assert (result.error.type, result.error.cell) == ("KernelDiedError", 1)
    assert words in result.error.message
    assert result.cells[0].status is CellStatus.OK


def test_a_cell_that_hangs_is_ended_by_its_limit(notebook):
    """``--timeout`` ends the run, names the cell, and leaves no kernel behind."""
    path = notebook("print('before')", "import time\ntime.sleep(1000)")
    result = verify(path, VerifyOptions(timeout=1.0))
    assert (result.status, result.exit_code) == (Status.ERROR, 3)
    assert (result.error.type, result.error.cell) == ("CellTimeoutError", 1)
    assert "--timeout" in result.error.message
    assert kernels(os.getpid()) == []


def test_a_notebook_that_takes_too_long_is_ended_by_its_limit(notebook):
    """``--notebook-timeout`` counts all cells together."""
    path = notebook(*["import time\ntime.sleep(0.4)"] * 8)
    result = verify(path, VerifyOptions(notebook_timeout=1.0))
    assert result.error.type == "CellTimeoutError"
    assert "--notebook-timeout" in result.error.message


def test_an_interrupt_keeps_what_was_finished_and_leaves_no_kernel(notebook):
    """Ctrl-C ends with 130, the partial result on standard output, and no orphan process."""
    path = notebook("print('before')", "import time\ntime.sleep(1000)")
    program = subprocess.Popen(
        [sys.executable, "-m", "repro_nb", "verify", "--json", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started = wait_for_kernels(program.pid)
    time.sleep(4)
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 130, errors
    (result,) = json.loads(output)["results"]
    assert (result["status"], result["error"]["type"]) == ("error", "Interrupted")
    assert alive(started) == []


def test_killing_the_parent_leaves_no_kernel(notebook):
    """Even ``kill -9`` of the program takes its kernels with it."""
    path = notebook("import time\ntime.sleep(1000)")
    program = subprocess.Popen(
        [sys.executable, "-m", "repro_nb", "verify", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = wait_for_kernels(program.pid)
    time.sleep(2)
    program.kill()
    program.wait()
    deadline = time.monotonic() + 30
    while alive(started) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert alive(started) == []


def test_a_huge_output_is_compared(notebook):
    """200 MB on standard output are no trouble, and one differing line in them is found."""
    lines = "for n in range(200): print('\\n'.join(f'{n:04d} {i:094d}' for i in range(10_000)))"
    path = notebook(lines, "import os\nprint('end', os.urandom(2))")
    result = verify(path)
    assert result.cells[0].run_to_run.outcome == "identical"
    assert result.run_to_run.divergent_cells == (1,)


def test_a_missing_kernelspec_names_those_there_are(notebook):
    """The error lists the kernels of this machine, and what to do."""
    result = verify(notebook("1", kernel="no-such-kernel", language=None))
    assert (result.status, result.exit_code) == (Status.ERROR, 3)
    assert "no-such-kernel" in result.error.message
    assert "python3" in result.error.message


def test_a_python_notebook_of_another_machine_runs_in_the_kernel_here(notebook):
    """Its metadata says that it is Python: it is judged, and the remark says in which kernel."""
    result = verify(notebook("print(6 * 7)", kernel="conda-env-study-py"))
    assert (result.level, result.exit_code) == (Level.ROBUST, 0)
    (finding,) = (each for each in result.findings if each.code == "kernel-replaced")
    assert "'conda-env-study-py'" in finding.message
    assert "'python3'" in finding.message


@pytest.mark.parametrize(
    ("language", "asked"), [("R", None), ("python", "no-such-kernel")], ids=["R", "asked for"]
)
def test_nothing_takes_the_place_of_a_kernel_that_was_meant(notebook, language, asked):
    """One of another language, or one that the user named, is missed: exit 3."""
    path = notebook("1", kernel="no-such-kernel", language=language)
    result = verify(path, VerifyOptions(kernel=asked))
    assert (result.error.type, result.exit_code) == ("KernelUnavailableError", 3)


def test_a_value_that_cannot_be_displayed_is_told_with_its_exception(notebook):
    """The kernel's reply says that nothing was raised; the report names what was, and the line it came from."""
    shown = "class Table:\n    def _repr_html_(self):\n        raise ValueError('no axis col')"
    result = verify(notebook(shown, "n = 1\nTable()"), VerifyOptions(explain=False, runs=1))
    assert (result.status, result.error.cell) == (Status.FAILED, 1)
    assert result.error.type == "ValueError"
    first, rest = result.error.message.split("\n")
    assert first == "no axis col"
    assert rest.endswith("the value of line 2 was displayed: Table()")


def test_an_exception_that_was_saved_is_told_from_a_new_one(notebook):
    """It still fails, and the reason says that it did so before, and how to say that it is meant."""
    result = verify(notebook("a = [1]", "a[5]", saved=True), VerifyOptions(explain=False))
    assert result.level is Level.FAILS
    assert "raises the error it was saved with, IndexError" in result.held_back_by
    assert "tag the cell raises-exception if it is meant to" in result.held_back_by


def test_widgets_that_are_answered_while_a_cell_runs_keep_no_run_waiting(notebook):
    """What an output widget captures is sent back to the kernel while the cell's reply is under way."""
    shown = ["interact(lambda x: x, x=10);"] * 8
    path = notebook("from ipywidgets import interact", *shown, "print('shown')")
    result = verify(path, VerifyOptions(timeout=60, explain=False))
    assert (result.error, result.level) == (None, Level.ROBUST)


def test_a_kernel_that_cannot_start_is_told(notebook, tmp_path, monkeypatch):
    """A kernelspec whose program ends at once gives its last words."""
    folder = tmp_path / "jupyter" / "kernels" / "broken"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit('no ipykernel here')", "{connection_file}"]
    spec = {"argv": argv, "display_name": "broken", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    result = verify(notebook("1", kernel="broken"))
    assert (result.error.type, result.exit_code) == ("KernelUnavailableError", 3)
    assert "no ipykernel here" in result.error.message


def test_a_kernelspec_that_pins_the_hash_seed_is_listed(notebook, tmp_path, monkeypatch):
    """What could not be varied is said, not passed in silence."""
    folder = tmp_path / "jupyter" / "kernels" / "pinned"
    folder.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "p", "language": "python", "env": {"PYTHONHASHSEED": "7"}}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    result = verify(notebook("print(list({f'{n}' for n in range(30)}))", kernel="pinned"))
    assert result.level == Level.ROBUST
    assert any("PYTHONHASHSEED" in line for line in result.not_varied)


def test_a_read_only_folder_is_no_obstacle(notebook, tmp_path):
    """Where the user may not write, the notebook still runs, and may even write: into the overlay."""
    path = notebook("open('new.txt', 'w').close()", "print('fine')")
    who = [] if os.geteuid() == 0 else ["--map-root-user"]
    mount = f"mount --bind '{tmp_path}' '{tmp_path}' && mount -o remount,bind,ro '{tmp_path}'"
    inside = ["unshare", "--mount", *who, "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*inside, mount], check=False).returncode:
        pytest.skip("no folder can be made read-only for a test without mount namespaces")
    command = f"{mount} && '{sys.executable}' -m repro_nb verify --json '{path}'"
    run = subprocess.run([*inside, command], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["results"][0]["level"] == 3


def test_a_recording_that_cannot_be_written_is_told(notebook):
    """A folder stands where the recording belongs: an error that says so, with exit code 2."""
    path = notebook("print('fine')")
    path.with_name("study.repro.json").mkdir()
    result = verify(path, VerifyOptions(update=True))
    assert (result.status, result.exit_code) == (Status.ERROR, 2)
    assert result.error.type == "RecordingError"


def test_a_child_in_a_session_of_its_own_is_ended_too(notebook):
    """What a notebook leaves running does not outlive its run."""
    path = notebook(
        "import subprocess\np = subprocess.Popen(['sleep', '4711'], start_new_session=True)\nprint(1)"
    )
    assert verify(path).level == Level.ROBUST
    left = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
    assert not [command for command in left if command[-1:] == ["4711"]]


def test_an_interrupt_while_the_kernel_starts_is_heard(notebook, tmp_path, monkeypatch):
    """A kernel that takes its time to start does not hold up Ctrl-C."""
    folder = tmp_path / "jupyter" / "kernels" / "slow"
    folder.mkdir(parents=True)
    argv = ["sh", "-c", "sleep 50", "{connection_file}"]
    spec = {"argv": argv, "display_name": "slow", "language": "shell"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    program = subprocess.Popen(
        [sys.executable, "-m", "repro_nb", "verify", "--json", str(notebook("1", kernel="slow"))],
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(6)
    program.send_signal(signal.SIGINT)
    started = time.monotonic()
    output, _ = program.communicate(timeout=60)
    assert (program.returncode, json.loads(output)["results"][0]["error"]["type"]) == (
        130,
        "Interrupted",
    )
    assert time.monotonic() - started < 30  # the start itself would be waited for a minute


def test_a_notebook_that_changes_its_folder_runs_on(notebook, tmp_path):
    """``os.chdir`` in one cell is the notebook's own affair."""
    path = notebook("import os\nos.chdir('/')", "print(os.getcwd())", saved=True)
    assert verify(path).level == Level.MATCHES


def test_output_of_threads_and_subprocesses_belongs_to_its_cell(notebook):
    """What threads and child processes print is compared like any other output."""
    path = notebook(
        "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
        "import subprocess\nprint(subprocess.check_output(['echo', 'child'], text=True))",
        "!echo shell",
        saved=True,
    )
    result = verify(path)
    assert (result.level, result.coverage.compared) == (Level.MATCHES, 3)


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats_are_examined(tmp_path, version):
    """Notebooks of formats 2 and 3 are rerun like any other."""
    cell = {"cell_type": "code", "language": "python", "input": "print(6 * 7)", "outputs": []}
    content = {
        "nbformat": version,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [{"cells": [cell]}],
    }
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(content))
    result = verify(path)
    assert (result.level, result.coverage.compared) == (Level.ROBUST, 1)


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"cells": []}'])
def test_what_is_no_notebook_is_an_error_of_its_own(tmp_path, content):
    """`verify` does not raise on a wrong file: it says so in the result, with exit code 2."""
    path = tmp_path / "study.ipynb"
    path.write_text(content)
    result = verify(path)
    assert (result.status, result.exit_code, result.error.type) == (
        Status.ERROR,
        2,
        "NotebookError",
    )
