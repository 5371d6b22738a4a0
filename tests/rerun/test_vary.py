"""What a run's factors are set to."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pytest

from repro_nb.probe.factors import Host, factors
from repro_nb.rerun.vary import pinned, plain, varied


@pytest.fixture
def host(tmp_path):
    """A place in which a kernel could start."""

    def made(**changes):
        scratch = Path(mkdtemp(dir=tmp_path))
        settings = {"scratch": scratch, "project": tmp_path, "cwd": tmp_path, "hash_seed": "7"}
        return Host(**{**settings, **changes})

    return made


def test_a_plain_run_sets_nothing(host):
    """The first run is the user's own: the hash seed has some value, as ever, that the notebook does not see."""
    run = plain(host())
    assert run.is_plain
    assert (run.prefix, run.held, run.watch, set(run.environment) - set(run.unset)) == (
        (),
        {},
        False,
        set(),
    )


def test_a_plain_run_keeps_the_users_own_hash_seed(monkeypatch, host):
    """Where the user pins the hash seed, a plain run has it."""
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    assert plain(host()).environment == {}


def test_a_varied_run_sets_every_factor_or_says_why_not(host):
    """What cannot be varied here is never passed in silence."""
    variation = varied(0)(host())
    said = {line.partition(":")[0] for line in variation.not_varied}
    assert {factor.name for factor in factors()} == set(variation.values) | said
    assert {"hash-seed", "timezone", "threads", "clock", "os-entropy"} <= set(variation.values)


def test_the_hash_seed_is_the_runs_own_and_hidden(host):
    """It acts on the interpreter's start; the notebook does not see the variable."""
    variation = varied(0)(host())
    assert variation.environment["PYTHONHASHSEED"] == variation.values["hash-seed"] == "7"
    assert "PYTHONHASHSEED" in variation.unset


def test_each_round_takes_other_values(host):
    """A third run is not the second one again."""
    first, second = varied(0)(host()), varied(1)(host(hash_seed="8"))
    for factor in ("hash-seed", "timezone", "threads", "clock"):
        assert first.values[factor] != second.values[factor]


def test_threads_differ_from_what_a_plain_run_has(monkeypatch, host):
    """A user who set one thread is shown another number."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert varied(0)(host()).values["threads"] != "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert varied(0)(host()).values["threads"] != "3"


def test_what_the_kernelspec_pins_is_left_alone_and_said(host):
    """A kernelspec that fixes its own hash seed is not overruled in silence."""
    variation = varied(0)(host(kernel_env={"PYTHONHASHSEED": "0"}))
    assert "PYTHONHASHSEED" not in variation.environment
    assert any(line.startswith("hash-seed:") for line in variation.not_varied)


def test_pinned_runs_are_set_alike(host):
    """Whatever the run: the reference is one."""
    one, two = pinned()(host(hash_seed="7")), pinned()(host(hash_seed="8"))
    assert one.reference == two.reference
    assert (one.environment, one.held, one.values) == (two.environment, two.held, {})


def test_one_factor_alone_is_varied(host):
    """All others stay at their reference."""
    reference, variation = pinned()(host()), pinned({"timezone": 0})(host())
    assert set(variation.values) == {"timezone"}
    assert {**reference.reference, "timezone": ""} == {**variation.reference, "timezone": ""}
    assert variation.values["timezone"] != reference.reference["timezone"]


def test_the_timezone_is_a_posix_string_that_the_system_knows(host):
    """An unknown zone name would be UTC in silence; the strings used are not."""
    code = "import time; print(time.timezone)"
    offsets = {
        subprocess.check_output(
            [sys.executable, "-c", code],
            env={**os.environ, "TZ": varied(n)(host()).values["timezone"]},
        )
        for n in range(2)
    }
    assert offsets == {b"-20700\n", b"34200\n"}
