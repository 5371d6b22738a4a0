"""The network, limits, deaths, questions; and what stays unexplained."""

import asyncio
from dataclasses import dataclass

import pytest

from repro_nb.rerun.diagnoses.registry import diagnose
from repro_nb.rerun.result import Grade


@pytest.mark.parametrize(
    ("type_", "message", "traceback"),
    [
        ("URLError", "<urlopen error [Errno -2] Name or service not known>", ""),
        ("HTTPError", "HTTP Error 404: Not Found", ""),
        ("ConnectionError", "HTTPSConnectionPool(host='a', port=443): Max retries exceeded", ""),
        ("OSError", "We couldn't connect to 'https://huggingface.co' to load this file", ""),
        ("Exception", "URL fetch failure on https://a.invalid/x: None -- unknown", ""),
        ("TimeoutError", "timed out", "File /usr/lib/python3.11/socket.py:706, in readinto"),
        ("ValueError", "no data", "gaierror      Traceback (most recent call last)\nFile a.py"),
    ],
)
def test_failures_of_the_network(told, type_, message, traceback):
    """Under all the names that libraries give to them."""
    assert told("get()", type=type_, message=message, traceback=traceback).factor == "network"


@pytest.mark.parametrize(
    ("type_", "message"),
    [("TimeoutError", "the lock is held"), ("KeyError", "'url'"), ("ValueError", "bad request")],
)
def test_what_only_sounds_like_the_network(told, type_, message):
    """A time-out of a lock, a key, a word."""
    assert told("get()", type=type_, message=message).factor == "unexplained"


def test_a_refused_connection_is_placed_at_its_line(notebook, cause_of):
    """With a real kernel, and no network."""
    source = "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/x', timeout=5)"
    cause = cause_of(notebook("a = 1", source))
    assert (cause.factor, cause.grade, cause.origin.line) == ("network", Grade.OBSERVED, 2)


def test_a_command_that_did_not_reach_the_network(notebook, save_as, cause_of):
    """It raised nothing, and printed something else than was saved."""
    source = "!echo 'fatal: Could not resolve host: example.invalid'; : git clone x"
    cause = cause_of(save_as(notebook(source), counts=[1], printed={0: "Cloning into 'x'..."}))
    assert (cause.factor, cause.grade, cause.origin.line) == ("network", Grade.OBSERVED, 1)


def test_a_time_out_names_what_may_take_the_time(notebook, cause_of):
    """As far as the text of the cell tells."""
    cause = cause_of(notebook("a = 1", "import time\ntime.sleep(60)"), timeout=1.0)
    assert (cause.cell, cause.factor) == (1, "time-out")
    assert "line 2 sleeps" in cause.evidence


def test_a_dead_kernel_tells_how_it_died(notebook, cause_of):
    """With the signal, and the line that ended it where one is known to."""
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    cause = cause_of(notebook("a = 1", source))
    assert (cause.cell, cause.factor, cause.origin.line) == (1, "kernel-death", 2)
    assert "SIGKILL" in cause.evidence


def test_a_question_that_nobody_answers(told):
    """It is no factor, and still said in words of its own."""
    message = "raw_input was called, but this frontend does not support input requests."
    cause = told("n = input('?')", type="StdinNotImplementedError", message=message)
    assert (cause.factor, cause.origin.line) == ("unexplained", 1)
    assert "nobody answers" in cause.evidence


def test_a_plain_error_is_called_unexplained(told):
    """With what was raised, and where."""
    cause = told(
        "1 / 0",
        type="ZeroDivisionError",
        message="division by zero",
        traceback="Cell In[1], line 1\n----> 1 1 / 0",
    )
    assert (cause.factor, cause.origin.line) == ("unexplained", 1)
    assert "ZeroDivisionError" in cause.evidence


@dataclass(frozen=True)
class Broken:
    """A diagnosis with a fault in it."""

    name: str = "broken"

    async def causes(self, case):  # noqa: ARG002  the protocol has it
        """Fail."""
        raise RuntimeError("nobody saw this coming")


def test_a_fault_of_one_diagnosis_is_told_and_stops_no_other(failing):
    """What stays unexplained says why that may be."""
    (cause,) = asyncio.run(diagnose(failing("1 / 0"), [Broken(), Broken()]))
    assert cause.factor == "unexplained"
    assert cause.evidence.count("nobody saw this coming") == 2


def test_what_is_explained_already_is_left_alone(failing):
    """The experiment has found its cause."""
    assert asyncio.run(diagnose(failing("1 / 0").without({0}))) == ()


def test_a_sound_notebook_has_no_causes(notebook, diagnosed):
    """It neither fails nor differs."""
    assert diagnosed(notebook("print(1)", saved=True)) == ()


def test_an_environment_variable_that_is_not_set(told):
    """It is named; whose it is, only the author knows."""
    line = "key = os.environ['LAB_KEY']"
    trace = f"Cell In[1], line 1\n----> 1 {line}"
    cause = told(line, type="KeyError", message="'LAB_KEY'", traceback=trace)
    assert (cause.factor, "LAB_KEY is not set" in cause.evidence) == ("unexplained", True)


def test_an_error_that_the_notebook_was_saved_with(notebook, cause_of):
    """It may be meant: the tag says so."""
    cause = cause_of(notebook("a = [1]\na[5]", saved=True))
    assert (cause.factor, cause.origin.line) == ("unexplained", 2)
    assert cause.evidence.startswith("The cell raises the error that it was saved with: IndexError")
    assert "raises-exception" in cause.fix


def test_a_known_cause_keeps_its_name_where_it_was_saved_with_it(notebook, cause_of):
    """The module was missing then, too."""
    cause = cause_of(notebook("import no_such_thing", saved=True))
    assert cause.factor == "missing-module"
    assert "saved with the same error" in cause.evidence


@pytest.mark.parametrize(
    ("source", "type_", "message", "words"),
    [
        ("raise NotImplementedError()", "NotImplementedError", "", "left to be written"),
        ("import sys; sys.exit(3)", "SystemExit", "3", "ends the run by itself"),
        ("assert 1 == 2", "AssertionError", "", "check that the notebook makes itself"),
        ("%nothing", "UsageError", "Line magic function `%nothing` not found.", "magic %nothing"),
        ("f(", "SyntaxError", "'(' was never closed (a.py, line 1)", "'(' was never closed"),
    ],
)
def test_what_is_unexplained_is_put_into_plain_words(told, source, type_, message, words):
    """No factor stands for it, and the reader knows what is the matter."""
    cause = told(source, type=type_, message=message)
    assert cause.factor == "unexplained"
    assert words in cause.evidence
    assert cause.fix


def test_an_output_of_a_cell_that_does_not_parse(notebook, save_as, cause_of):
    """Another text gave it."""
    cause = cause_of(save_as(notebook("a = 1", "print(a"), counts=[1, 2], printed={1: "1"}))
    assert (cause.factor, cause.grade, cause.origin.line) == ("stale-source", Grade.SUSPECTED, 1)
    assert "does not parse at line 1" in cause.evidence


def test_a_blank_to_fill_in(notebook, save_as, cause_of):
    """IPython takes the underscores for an older output."""
    cause = cause_of(save_as(notebook("x = ___\nprint(x)"), counts=[1], printed={0: "5"}))
    assert (cause.factor, "blank to fill in" in cause.evidence) == ("unexplained", True)


def test_a_failure_in_a_library_of_other_times(notebook, save_as, cause_of):
    """The metadata tell of another Python: versions are suspected."""
    path = notebook("import nbformat", "nbformat.no_such_function()")
    cause = cause_of(save_as(path, counts=[1, 2], python="3.6.9", printed={1: "x"}))
    assert (cause.factor, cause.grade) == ("environment", Grade.SUSPECTED)
    assert "Python 3.6" in cause.evidence
