"""verify_deterministic_execution: the same result from the same random state, leaf by leaf."""

import asyncio
import functools
import random
import threading
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest
import torch
from fresh_python import in_fresh_python

from repro_nb.errors import UsageError
from repro_nb.rng.capture import capture
from repro_nb.rng.reach import Budget
from repro_nb.seeding import execution, verify_deterministic_execution

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
    runs = (number for number in range(1, 9))  # cannot be copied, so the runs share it

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
        runs = (number for number in range(9))

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


class Agent:
    """Draws from a generator of its own, and cannot be copied, so that the runs share it."""

    def __init__(self, seed: int) -> None:
        self.seen: list[int] = []
        self.rng = random.Random(seed)
        self.lock = threading.Lock()


def test_a_result_that_grows_with_the_runs_is_no_alias_of_itself():
    """The first result is kept as it was, though the function goes on changing what it has given away."""
    agent = Agent(0)

    def leak() -> list[int]:
        agent.seen.append(1)
        return agent.seen

    assert not verify_deterministic_execution(leak)


NET = torch.nn.Linear(2, 1)
OPTIMIZER = torch.optim.Adam(NET.parameters())
LOSSES: list[float] = []
SETTINGS = {"steps": 0}


def train(batch: torch.Tensor, seen: list[int] = []) -> torch.Tensor:  # noqa: B006  what is tested
    """One step, which changes global variables and a default value."""
    OPTIMIZER.zero_grad()
    loss = NET(batch).sum()
    loss.backward()
    OPTIMIZER.step()
    LOSSES.append(loss.item())
    SETTINGS["steps"] += 1
    seen.append(1)
    return loss.detach() + len(LOSSES) + SETTINGS["steps"] + len(seen)


def test_a_training_step_on_global_variables_leaves_no_trace():
    """Every run begins with equal weights, and afterwards no step was made."""
    before = [parameter.clone() for parameter in NET.parameters()]
    report = verify_deterministic_execution(train, torch.ones(3, 2), report=True)
    assert report.deterministic, str(report)
    assert not report.shared
    assert all(map(torch.equal, before, NET.parameters()))
    assert (LOSSES, SETTINGS, train.__defaults__) == ([], {"steps": 0}, ([],))
    assert not OPTIMIZER.state
    assert NET.weight.grad is None


class Model:
    """Counts on the object, and on its class."""

    made = 0

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> tuple[int, int]:
        """One more."""
        self.steps += 1
        Model.made += 1
        return self.steps, Model.made

    def __call__(self) -> tuple[int, int]:
        """One more."""
        return self.step()


@pytest.mark.parametrize("wrap", [lambda m: m.step, lambda m: m, functools.partial])
def test_the_object_that_a_method_is_bound_to_is_copied(wrap):
    """The caller's object makes no step, nor does its class."""
    model = Model()
    assert verify_deterministic_execution(wrap(model))
    assert (model.steps, Model.made) == (0, 0)


def test_functions_of_functions_are_followed():
    """A counter in the closure of a function that the given one calls begins anew in each run."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return count

    assert verify_deterministic_execution(lambda: tick() + tick())
    assert count == 0


def test_global_variables_that_a_run_makes_are_taken_away():
    """A function may set and delete global names: the module has what it had."""
    home = {"__name__": "__main__", "old": [1]}
    exec("def change(): global new, old; new = old; del old; return new", home)
    names = set(home)
    assert verify_deterministic_execution(home["change"])
    assert set(home) == names
    assert home["old"] == [1]


def test_variables_that_cannot_be_copied_are_named():
    """The runs share them, and the report says which."""
    numbers = (number for number in range(9))
    report = verify_deterministic_execution(lambda: next(numbers), report=True)
    assert not report
    (line,) = [line for line in str(report).splitlines() if "shared by the runs" in line]
    assert "<closure>.numbers: " in line


def test_thousands_of_generators_are_all_put_back():
    """Those of 3,000 agents are found, though no copy of them can be made."""
    agents = [Agent(seed) for seed in range(3_000)]
    report = verify_deterministic_execution(lambda: [a.rng.random() for a in agents], report=True)
    assert report.deterministic
    assert not report.truncated


def test_a_search_that_ends_early_is_told(monkeypatch):
    """What was not looked at was shared by the runs."""
    monkeypatch.setattr(execution, "_BUDGET", Budget(objects=3, items=3))
    agents = [[Agent(1)], [Agent(2)]]
    report = verify_deterministic_execution(lambda: len(agents), report=True)
    assert "reaches more than was looked at" in str(report)


def test_nothing_to_compare_is_said():
    """A function that returns None passes, with a warning: a vacuous pass is no proof."""
    with pytest.warns(RuntimeWarning, match="nothing to compare"):
        assert verify_deterministic_execution(lambda: None) is True
    with pytest.warns(RuntimeWarning, match="nothing to compare"):
        report = verify_deterministic_execution(lambda: None, report=True)
    assert str(report) == "3 runs: nothing to compare, as the function returned None"


def test_what_cannot_be_compared_is_no_success():
    """Two generators may give anything."""
    report = verify_deterministic_execution(lambda: (n for n in range(3)), report=True)
    assert not report
    assert "run 2, the value: not compared (generator)" in str(report).splitlines()


def test_a_long_report_shows_its_beginning_and_counts_the_rest():
    """Of 200 keys that differ, 20 are told for each run."""
    lines = str(
        verify_deterministic_execution(
            lambda: {key: np.random.default_rng().random() for key in range(200)}, report=True
        )
    ).splitlines()
    assert len(lines) == 1 + 2 * 21
    assert lines[21] == "run 2, … and 180 more"


def test_a_coroutine_function_is_refused_with_advice():
    """It would give a coroutine, and run nothing."""

    async def fetch() -> int:
        return 1

    with pytest.raises(UsageError, match=r"asyncio\.run"):
        verify_deterministic_execution(fetch)
    assert verify_deterministic_execution(lambda: asyncio.run(fetch()))


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
    """Fewer than two runs are refused, and so is what is no number of them."""
    for runs in (1, True, "x", 2.5, None):
        with pytest.raises(UsageError, match="integer from 2"):
            verify_deterministic_execution(experiment, runs=runs)


def test_a_function_that_imports_its_library_leaves_no_trace():
    """The library is seeded by each run anew, and afterwards as it was; a seed that the function sets ends with it."""
    lines = in_fresh_python(
        "import repro_nb\nrepro_nb.set_global_seed(42, False)\n"
        "def f():\n    import numpy as np\n    return np.random.rand()\n"
        "print(repro_nb.verify_deterministic_execution(f))\n"
        "import numpy as np\nfirst = np.random.rand()\nnp.random.seed(42)\nprint(first == np.random.rand())\n"
        "def g():\n    repro_nb.set_global_seed(7, False)\n    return np.random.rand()\n"
        "print(repro_nb.verify_deterministic_execution(g), repro_nb.get_current_seed())\n"
        "print(len(repro_nb.get_seed_history()))"
    )
    assert lines == ["True", "True", "True 42", "1"]
