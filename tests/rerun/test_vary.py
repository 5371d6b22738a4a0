"""What a varied run sets."""

import os

from repro_nb.rerun.vary import plain, varied


def test_a_plain_run_sets_nothing():
    """The first run is the user's own: the hash seed has some value, as ever, that the notebook does not see."""
    run = plain("7", {})
    assert (run.values, run.prefix, set(run.environment) - set(run.unset)) == ({}, (), set())


def test_a_plain_run_keeps_the_users_own_hash_seed(monkeypatch):
    """Where the user pins the hash seed, a plain run has it."""
    monkeypatch.setenv("PYTHONHASHSEED", "3")
    assert plain("7", {}).environment == {}


def test_a_varied_run_sets_hash_seed_timezone_and_threads():
    """What can be varied by the environment is, and is named by its public factor."""
    variation = varied(0, "7", {})
    assert {"hash-seed", "timezone", "threads"} <= set(variation.values)
    assert variation.environment["PYTHONHASHSEED"] == variation.values["hash-seed"]
    assert variation.environment["OMP_NUM_THREADS"] == variation.values["threads"]


def test_each_round_takes_other_values():
    """A third run is not the second one again."""
    first, second = varied(0, "7", {}), varied(1, "8", {})
    for factor in ("hash-seed", "timezone", "threads"):
        assert first.values[factor] != second.values[factor]


def test_threads_differ_from_what_a_plain_run_has(monkeypatch):
    """A user who set one thread is shown two."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert varied(0, "7", {}).values["threads"] != "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert varied(0, "7", {}).values["threads"] != "2"


def test_what_the_kernelspec_pins_is_left_alone_and_said():
    """A kernelspec that fixes its own hash seed is not overruled in silence."""
    variation = varied(0, "7", {"PYTHONHASHSEED": "0"})
    assert "PYTHONHASHSEED" not in variation.environment
    assert any(line.startswith("hash-seed:") for line in variation.not_varied)


def test_the_timezone_is_a_posix_string_that_the_system_knows():
    """An unknown zone name would be UTC in silence; the strings used are not."""
    import subprocess
    import sys

    code = "import time; print(time.timezone)"
    offsets = {
        subprocess.check_output(
            [sys.executable, "-c", code],
            env={**os.environ, "TZ": varied(n, "7", {}).values["timezone"]},
        )
        for n in range(2)
    }
    assert offsets == {b"-20700\n", b"34200\n"}
