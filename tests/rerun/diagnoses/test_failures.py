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
