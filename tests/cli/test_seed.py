"""`repro-nb seed`: a fresh seed, seeds for workers, and programs that run seeded."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

SCRIPT = """\
import random

import numpy as np
import torch

print(random.random(), np.random.rand(), torch.rand(1).item())
print({"ada", "grace", "mary", "emmy"})
"""
EDGES = """\
import sys

import helper

if "--where" in sys.argv:
    print(sys.argv, sys.path[0], __file__, __name__, __package__)
if sys.argv[1] == "exit":
    sys.exit(7)
if sys.argv[1] == "text":
    sys.exit("gone")
if sys.argv[1] == "read":
    print(input().upper())
if sys.argv[1] == "raise":
    1 / 0
"""
WAIT = """\
import time

try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("caught", flush=True)
    raise
"""
CTRL_C = b"\x03"


@pytest.fixture
def program(tmp_path):
    """A script that draws, with a module of its own beside it."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "helper.py").write_text("")
    (folder / "edges.py").write_text(EDGES)
    path = folder / "train.py"
    path.write_text(SCRIPT)
    return path


def python(*arguments, cwd):
    """Runs plain ``python``, for comparison."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_a_fresh_seed_is_printed(cli):
    """Two calls give two seeds, each of 32 bits."""
    first, second = (int(cli("seed").stdout) for _ in range(2))
    assert first != second
    assert max(first, second) < 2**32


def test_a_fresh_seed_as_json(cli):
    """The envelope that all commands print."""
    printed = json.loads(cli("seed", "--json").stdout)
    assert printed["schema"] == "repro_nb/seed/1"
    assert 0 <= printed["results"][0]["seed"] < 2**32


def test_the_seeds_of_workers_are_those_of_the_library(cli):
    """One a line, as `generate_deterministic_seeds` gives them."""
    from repro_nb.seeding import generate_deterministic_seeds

    expected = generate_deterministic_seeds(42, 8)
    assert [int(line) for line in cli("seed", "42", "--workers", "8").stdout.split()] == expected
    printed = json.loads(cli("seed", "42", "--workers", "8", "--json").stdout)
    assert printed["results"] == [{"seed": 42, "worker_seeds": expected}]


def test_a_program_draws_the_same_numbers_for_the_same_seed(cli, program):
    """Two runs agree in what random, numpy and torch give, and in the order of a set; another seed differs."""
    first, again, other = (cli("seed", seed, "--", program) for seed in (42, 42, 43))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert first.stdout.splitlines()[0] != other.stdout.splitlines()[0]


def test_a_program_gets_the_arguments_and_imports_that_python_gives_it(cli, program, tmp_path):
    """sys.argv, sys.path[0] and __file__ are those of plain `python`; options after -- are the program's."""
    words = ("study/edges.py", "--json", "--", "--where")
    seeded = cli("seed", "42", "--", *words)
    assert "study/edges.py" in seeded.stdout
    assert seeded.stdout == python(*words, cwd=tmp_path).stdout


def test_a_module_runs_as_under_python(run, program):
    """`-m` looks in the working folder, and sys.argv[0] is the module's file."""
    words = ("-m", "edges", "x", "--where")
    seeded = run("seed", "42", "--", *words, cwd=program.parent)
    assert "edges.py" in seeded.stdout
    assert seeded.stdout == python(*words, cwd=program.parent).stdout


@pytest.mark.parametrize("case", ["exit", "text", "raise", "read"])
def test_a_program_ends_as_under_python(cli, program, case):
    """Exit codes, exit messages and tracebacks are its own, without our frames; it reads standard input."""
    path = program.with_name("edges.py")
    seeded = cli("seed", "42", "--", path, case, input="line\n")
    plain = subprocess.run(
        [sys.executable, path, case], input="line\n", capture_output=True, text=True, check=False
    )
    assert (seeded.returncode, seeded.stdout) == (plain.returncode, plain.stdout)
    assert seeded.stderr == plain.stderr


def test_a_file_with_a_syntax_error_is_told_as_by_python(cli, tmp_path):
    """No frame of the launcher before the error."""
    (tmp_path / "broken.py").write_text("x = (\n")
    seeded = cli("seed", "42", "--", "broken.py")
    assert seeded.stderr == python("broken.py", cwd=tmp_path).stderr


# Other tests of this process load JAX, which warns of every fork; the child is replaced at once.
@pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
def test_ctrl_c_reaches_the_program(process_environment, tmp_path):
    """It gets KeyboardInterrupt from the terminal, and its end by that signal is what the shell sees."""
    script = tmp_path / "wait.py"
    script.write_text(WAIT)
    command = [sys.executable, "-m", "repro_nb", "seed", "42", "--", str(script)]
    process, terminal = pty.fork()
    if process == 0:
        os.execve(sys.executable, command, process_environment)
    read_until(terminal, b"ready")
    os.write(terminal, CTRL_C)
    read_until(terminal, b"caught")
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert os.WTERMSIG(status) == signal.SIGINT


def read_until(terminal, word):
    """Reads what a terminal shows up to a word."""
    shown = b""
    while word not in shown:
        shown += os.read(terminal, 1024)


def test_deterministic_mode_is_on_in_the_program_when_asked_for(cli, tmp_path):
    """--deterministic reaches torch, which the program imports later."""
    (tmp_path / "mode.py").write_text(
        "import torch\nprint(torch.are_deterministic_algorithms_enabled())"
    )
    assert cli("seed", "42", "--deterministic", "--", "mode.py").stdout == "True\n"


def test_a_module_in_the_working_folder_does_not_disturb_the_launcher(
    process_environment, program, tmp_path
):
    """A project may have a `types.py` at its root, as long as its script does not lie beside it."""
    (tmp_path / "types.py").write_text("raise RuntimeError('not for you')")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "repro_nb", "seed", "42", "--", "study/edges.py", "exit"],
        cwd=tmp_path,
        env=process_environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 7, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["42"],
        ["--workers", "8"],
        ["42", "--workers", "8", "--", "x.py"],
        ["42", "--deterministic", "--workers", "8"],
        ["42", "--json", "--", "x.py"],
        ["42", "--", "none.py"],
        ["42", "--", "-m"],
        ["-1", "--", "-m", "this"],
        ["4294967296", "--", "-m", "this"],
        ["x"],
    ],
)
def test_what_does_not_go_together_is_refused(cli, words):
    """Exit 2 and a sentence."""
    done = cli("seed", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_both_names_of_the_program_are_one_program(cli, process_environment):
    """`python -m repro_nb` and `repro-nb` show the same usage line and the same version."""
    for words in (["seed", "-h"], ["--version"], ["seed", "x"]):
        script = subprocess.run(
            [sys.executable, "-c", "from repro_nb.cli import main; main()", *words],
            env=process_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        module = cli(*words)
        assert (module.stdout, module.stderr) == (script.stdout, script.stderr)
        assert module.returncode == script.returncode
