"""verify_deterministic_execution: the same result from the same random state, leaf by leaf."""

import itertools
import random
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest
import torch

from repro_nb.errors import UsageError
from repro_nb.rng.capture import capture
from repro_nb.seeding import verify_deterministic_execution

HELD = np.random.default_rng(1)


@dataclass
class Fit:
    """What an experiment gives."""

    weights: torch.Tensor
    table: pd.DataFrame
    history: list[float]
    tree: Any


def experiment(scale: float = 1.0) -> Fit:
    """Draws from every library, and from a generator that it reaches."""
    return Fit(
        weights=torch.randn(3) * scale,
        table=pd.DataFrame({"a": np.random.rand(2), "b": HELD.random(2)}),
        history=[random.random()],
        tree={"w": jax.numpy.ones(2), "b": (jax.numpy.zeros(1),)},
    )


def test_draws_from_every_stream_are_repeated_and_given_back():
    """Global streams and a held generator are where they were before each run, and at the end."""
    before, held = capture().states, HELD.bit_generator.state
    assert verify_deterministic_execution(experiment, 2.0, runs=4) is True
    assert capture().states == before
    assert HELD.bit_generator.state == held


@pytest.mark.parametrize(
    ("spoil", "leaf", "amount"),
    [
        (lambda fit, n: fit.weights.add_(n * 1e-3), ".weights", "3 of 3"),
        (lambda fit, n: fit.history.extend([0.0] * n), ".history", "length"),
        (lambda fit, n: fit.table.__setitem__("b", [0.0, n]), ".table['b']", "1 of 2"),
        (lambda _fit, _n: None, "", ""),
        (lambda fit, n: fit.tree.__setitem__("w", jax.numpy.ones(2) * n), ".tree['w']", "2 of 2"),
    ],
)
def test_the_report_says_which_leaf_differed_and_by_how_much(spoil, leaf, amount):
    """One line for each leaf, with its path and its size."""
    runs = itertools.count(1)

    def spoiled() -> Fit:
        fit = experiment()
        spoil(fit, next(runs))
        return fit

    report = verify_deterministic_execution(spoiled, report=True, runs=2)
    if not leaf:
        assert report.deterministic
        return
    assert not report
    (difference,) = [str(one) for one in report.comparisons[0].differences if leaf in str(one)][:1]
    assert amount in difference


def test_a_tolerance_forgives_small_differences_alone():
    """Bitwise by default; a tolerance is absolute."""
    for step, tolerance, same in [(1e-9, 0.0, False), (1e-9, 1e-6, True), (1e-3, 1e-6, False)]:
        runs = itertools.count(0)

        def drifting(step: float = step, runs: Any = runs) -> float:
            return 1.0 + step * next(runs)

        assert verify_deterministic_execution(drifting, tolerance=tolerance, runs=2) is same


def test_each_run_is_given_arguments_of_its_own():
    """A function that changes its argument in place is told by its result alone, and the caller's stays."""

    def grow(numbers: list[int], *, model: torch.nn.Module) -> int:
        numbers.append(1)
        with torch.no_grad():
            model.weight.add_(1)
        return len(numbers)

    numbers, model = [1, 2], torch.nn.Linear(1, 1)
    weight = model.weight.item()
    assert verify_deterministic_execution(grow, numbers, model=model)
    assert (numbers, model.weight.item()) == ([1, 2], weight)


def test_an_argument_that_cannot_be_copied_is_named():
    """The runs share it, and the report says so."""
    source = (number for number in range(9))
    report = verify_deterministic_execution(next, source, report=True, runs=2)
    assert not report
    assert "argument 0: shared by the runs" in str(report)


def test_entropy_that_no_seed_reaches_is_found():
    """An unseeded generator inside the function differs from run to run."""
    report = verify_deterministic_execution(lambda: np.random.default_rng().random(3), report=True)
    assert "3 of 3 elements differ" in str(report)


def test_a_result_that_grows_with_the_runs_is_no_alias_of_itself():
    """The first result is kept as it was, though the function goes on changing it."""
    kept: list[int] = []

    def leak() -> list[int]:
        kept.append(1)
        return kept

    assert not verify_deterministic_execution(leak)


def test_nothing_to_compare_is_said():
    """A function that returns None passes, with a warning: a vacuous pass is no proof."""
    with pytest.warns(RuntimeWarning, match="nothing to compare"):
        assert verify_deterministic_execution(lambda: None)


def test_what_cannot_be_compared_is_no_success():
    """Two generators may give anything."""
    report = verify_deterministic_execution(lambda: (n for n in range(3)), report=True)
    assert not report
    assert "cannot be compared" in str(report)


def test_an_exception_passes_and_the_streams_are_given_back():
    """What the function raises is the caller's."""
    before = capture().states

    def failing() -> None:
        random.random()
        torch.rand(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        verify_deterministic_execution(failing)
    assert capture().states == before


def test_one_run_agrees_with_nothing():
    """Fewer than two runs are refused."""
    with pytest.raises(UsageError, match="2 or more"):
        verify_deterministic_execution(experiment, runs=1)
