"""Thread counts: what libraries really compute with under a setting."""

import os
import shutil

import pytest

from repro_nb.probe.factors import Host
from repro_nb.probe.factors import threads as module
from repro_nb.probe.factors.threads import Threads
from repro_nb.rerun.vary import pinned

CELLS = (
    "import jax, numba, numpy as np, os, scipy.linalg, threadpoolctl, torch",
    "print(torch.get_num_threads())",
    "print({pool['num_threads'] for pool in threadpoolctl.threadpool_info()})",
    "print(numba.get_num_threads())",
    "print(len(os.sched_getaffinity(0)), jax.device_count())",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """A run with everything pinned, and one in which the threads alone are others."""
    return [rerun_once(*CELLS, plan=plan) for plan in (pinned(), pinned({"threads": 0}))]


def test_torch_blas_and_numba_have_the_counts_that_are_set(runs, monkeypatch):
    """Two in the reference; the varied run has what its setting says."""
    first, other = runs
    count = other.run.launch.variation.values["threads"]
    assert first.texts[1:4] == ["2\n", "{2}\n", "2\n"]
    assert other.texts[1].strip() == other.texts[3].strip() == count != "2"


@pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="a single processor cannot be made fewer"
)
def test_one_thread_is_one_processor(runs):
    """XLA follows the processors alone."""
    first, other = runs
    if other.run.launch.variation.values["threads"] != "1":
        pytest.skip("OMP_NUM_THREADS=1 is usual here, so that another number is tried")
    assert first.texts[4].split()[0] == "2"
    assert other.texts[4].split()[0] == "1"


@pytest.mark.parametrize("usual", ["", "1", "3", "4"])
def test_a_varied_run_has_another_count_than_the_users_own_and_than_the_reference(
    monkeypatch, tmp_path, usual
):
    """Whoever sets one thread is shown three."""
    monkeypatch.setenv("OMP_NUM_THREADS", usual)
    host = Host(scratch=tmp_path, project=tmp_path, cwd=tmp_path)
    values = [Threads().vary(host, round_).value for round_ in range(3)]
    assert len(set(values)) == 3
    assert not {"2", usual} & set(values)


@pytest.mark.skipif(shutil.which("taskset") is None, reason="this system sets no affinities")
def test_runs_side_by_side_take_processors_of_their_own(monkeypatch, tmp_path):
    """Four runs of two threads keep eight processors busy."""
    monkeypatch.setattr(module, "_processors", lambda: list(range(8)))
    hosts = [Host(scratch=tmp_path, project=tmp_path, cwd=tmp_path, slot=slot) for slot in range(4)]
    chosen = [Threads().pin(host).prefix[-1] for host in hosts]
    assert sorted(",".join(chosen).split(",")) == list("01234567")
