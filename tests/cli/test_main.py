"""How the command line starts, helps and ends."""

import subprocess
import sys

import pytest

import repro_nb
from repro_nb.cli.main import _exit_code
from repro_nb.errors import KernelDiedError, UsageError


def test_help_and_version_are_there(cli):
    """-h works at every level, with examples."""
    assert "verify" in cli("-h").stdout
    assert "Examples:" in cli("verify", "-h").stdout
    assert cli("--version").stdout.startswith("repro-nb, version ")


def test_help_loads_nothing_heavy(process_environment):
    """Completion and help answer at once: kernels, notebooks and tables are imported when they are needed."""
    code = "import repro_nb.cli, sys; print({'rich', 'nbclient', 'nbformat', 'IPython'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=process_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


def test_a_shell_can_complete_the_commands(cli, process_environment):
    """Click's completion is reached under the program's own name."""
    asked = {"_REPRO_NB_COMPLETE": "bash_complete", "COMP_WORDS": "repro-nb v", "COMP_CWORD": "1"}
    code = "import sys; sys.argv = ['repro-nb']; from repro_nb.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**process_environment, **asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "plain,verify" in done.stdout


@pytest.mark.parametrize("words", [["verfy"], ["verify"], ["verify", "x", "--nope"], ["diff", "a"]])
def test_usage_errors_exit_with_2(cli, words):
    """A typing error is told in a sentence, on standard error."""
    done = cli(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_typed_error_is_a_sentence_with_its_hint(capsys):
    """No traceback for what is not our fault; the error's class decides the exit code."""
    error = UsageError("there is no level '9'", where="pyproject.toml", hint="Levels: 0 to 5.")

    def fail():
        raise error

    assert _exit_code(fail, debug=False) == 2
    assert (
        capsys.readouterr().err == "error: pyproject.toml: there is no level '9'\nLevels: 0 to 5.\n"
    )


def test_every_error_has_its_exit_code(capsys):
    """Kernels are 3, Ctrl-C is 130, our own faults are 3 with a way to the traceback."""

    def exit_code(error, debug=False):
        def fail():
            raise error

        return _exit_code(fail, debug=debug)

    assert exit_code(KernelDiedError("gone")) == 3
    assert exit_code(KeyboardInterrupt()) == 130
    assert exit_code(ZeroDivisionError("oops")) == 3
    assert "--debug" in capsys.readouterr().err
    assert exit_code(ZeroDivisionError("oops"), debug=True) == 3
    assert "Traceback" in capsys.readouterr().err


def test_the_package_shows_its_public_names_alone():
    """`dir(repro_nb)`, and so completion in a notebook, offers no internals."""
    assert dir(repro_nb) == sorted(repro_nb.__all__)
