"""What deterministic mode costs: measured in turns, and without a trace."""

import math
import os
import time

import pytest
import torch
from fresh_python import in_fresh_python

from repro_nb.deterministic import (
    DeterministicConfig,
    DeterministicContext,
    benchmark_deterministic_impact,
    disable_deterministic_mode,
    enable_deterministic_mode,
    restore_deterministic_state,
)
from repro_nb.deterministic.interleaved import Timings, spread
from repro_nb.errors import UsageError


class Seen:
    """Gives a function to time, which keeps torch's mode at each call."""

    def __init__(self):
        self.modes = []

    def call(self):
        """Run once."""
        self.modes.append(torch.get_deterministic_debug_mode())


def test_runs_take_turns():
    """Neither kind always comes first, and each has its warm-up."""
    seen = Seen()
    impact = benchmark_deterministic_impact(seen.call, runs=3, warmup=1)
    assert seen.modes == [0, 2, 2, 0, 0, 2, 2, 0]
    assert impact["runs"] == 3


def test_arguments_are_passed_on():
    """The function gets its positional and keyword arguments, and `runs` stays ours."""
    given = []
    benchmark_deterministic_impact(lambda *a, **k: given.append((a, k)), 1, 2, runs=1, x=3)
    assert given == [((1, 2), {"x": 3})] * 4


def test_the_cost_of_deterministic_mode_shows():
    """A run that sleeps longer in deterministic mode, and every figure that follows from it."""

    def slow():
        time.sleep(0.02 if torch.get_deterministic_debug_mode() else 0.002)

    impact = benchmark_deterministic_impact(slow, runs=3, warmup=0)
    held, normal = impact["deterministic_median"], impact["normal_median"]
    assert held >= 0.02
    assert normal >= 0.002
    assert impact["slowdown_factor"] == held / normal
    assert impact["absolute_difference"] == held - normal
    assert min(impact["normal_spread"], impact["deterministic_spread"]) >= 0


@pytest.mark.parametrize("holder", ["session", "block", "both"])
def test_normal_runs_are_normal_where_a_mode_is_on(holder, held_values):
    """What is on is switched off for the normal runs, and is on as before afterwards."""
    seen = Seen()
    if holder != "block":
        enable_deterministic_mode(DeterministicConfig(torch_warn_only=True))
    outer = DeterministicContext() if holder != "session" else DeterministicContext(NOTHING)
    with outer:
        before = held_values()
        benchmark_deterministic_impact(seen.call, runs=1, warmup=0)
        assert held_values() == before
    assert seen.modes == [0, 2]
    disable_deterministic_mode()


NOTHING = DeterministicConfig(
    torch_deterministic=False, torch_use_deterministic_algorithms=False, cublas_workspace=":16:8"
)


def test_normal_means_as_the_user_had_it():
    """Settings that the user made before any mode are part of the normal runs."""
    seen = Seen()
    torch.set_deterministic_debug_mode(1)
    enable_deterministic_mode()
    benchmark_deterministic_impact(seen.call, runs=1, warmup=0)
    assert seen.modes == [1, 2]
    disable_deterministic_mode()
    torch.set_deterministic_debug_mode(0)


def test_what_the_function_sets_is_undone_after_each_run(held_values):
    """Training code that switches things by itself neither spoils the next run nor leaves a trace."""
    modes = []

    def careless():
        modes.append(torch.get_deterministic_debug_mode())
        torch.set_deterministic_debug_mode(1)
        torch.backends.cudnn.benchmark = True
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = "mine"
        enable_deterministic_mode()

    with DeterministicContext(DeterministicConfig(torch_warn_only=True)):
        before = held_values()
        benchmark_deterministic_impact(careless, runs=2, warmup=0)
        assert held_values() == before
    assert modes == [0, 2, 2, 0]


def test_a_mode_that_the_function_ends_is_ended_after_the_run():
    """Ending the session's mode from inside is obeyed, and the run stays what it is."""
    state, seen = enable_deterministic_mode(), Seen()

    def ends():
        seen.call()
        restore_deterministic_state(state)
        seen.call()

    benchmark_deterministic_impact(ends, runs=1, warmup=0)
    assert seen.modes == [0, 0, 2, 2]
    assert torch.get_deterministic_debug_mode() == 0


def test_an_error_passes_and_everything_is_as_it_was(held_values):
    """The function's own exception comes out, unchanged."""
    with DeterministicContext():
        before = held_values()
        with pytest.raises(ZeroDivisionError):
            benchmark_deterministic_impact(lambda: 1 / 0)
        assert held_values() == before


def test_a_refusal_of_torch_is_explained():
    """The error is torch's own, with a note that names the operation and what to do."""
    target, index = torch.zeros(3), torch.tensor([0, 0])
    with pytest.raises(RuntimeError, match="deterministic") as caught:
        benchmark_deterministic_impact(target.put_, index, torch.ones(2))
    (note,) = caught.value.__notes__
    assert "algorithm for put_" in note
    assert "torch_warn_only=True" in note


@pytest.mark.parametrize(("runs", "warmup"), [(0, 1), (-1, 1), (1, -1)])
def test_impossible_numbers_of_runs_are_refused(runs, warmup):
    """The function is not called at all."""
    with pytest.raises(UsageError, match="below"):
        benchmark_deterministic_impact(pytest.fail, runs=runs, warmup=warmup)


def test_no_performance_warning_comes_from_the_benchmark():
    """Whoever measures their own code does not want the general figures, once for each run."""
    config = DeterministicConfig(warn_performance=True)
    assert benchmark_deterministic_impact(int, config=config)["runs"] == 5


def test_the_result_of_jax_is_waited_for():
    """Arrays come before they are computed: their time counts too, wherever they are in the result."""
    import jax
    import jax.numpy as jnp

    waited = []

    class Array:
        def block_until_ready(self):
            waited.append(self)

    step = jax.jit(lambda x: x @ x)
    benchmark_deterministic_impact(
        lambda: {"loss": step(jnp.ones((8, 8))), "rest": [(1, Array()), None]}, runs=1, warmup=0
    )
    assert len(waited) == 2


def test_a_framework_that_the_function_imports_is_left_as_the_modes_want_it():
    """Whether the first import happens in a normal run or not: no mode leaks, and none is lost."""
    lines = in_fresh_python(
        "from repro_nb.deterministic import *\n"
        "def step():\n"
        "    import torch\n"
        "    print(torch.get_deterministic_debug_mode())\n"
        "with DeterministicContext(DeterministicConfig(torch_warn_only=True)):\n"
        "    benchmark_deterministic_impact(step, runs=1, warmup=0)\n"
        "    step()\n"
        "step()\n"
    )
    assert lines == ["0", "2", "1", "0"]


@pytest.mark.parametrize(
    ("normal", "deterministic", "factor"),
    [((1.0, 3.0, 2.0), (4.0,), 2.0), ((0.0,), (0.0,), 1.0), ((0.0,), (1.0,), math.inf)],
)
def test_the_factor_is_that_of_the_medians(normal, deterministic, factor):
    """Also where the clock is too coarse for what is measured."""
    assert Timings(normal, deterministic).factor == factor


def test_the_spread_is_the_interquartile_range():
    """One slow run of five does not count; a single run has no spread."""
    assert spread((1.0, 2.0, 3.0, 4.0, 100.0)) == 2.0
    assert spread((1.0,)) == 0.0
