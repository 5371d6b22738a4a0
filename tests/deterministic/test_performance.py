"""`warn_performance` says what it measured here, and disturbs nothing."""

import re
import warnings
from functools import partial

import pytest
import torch
from fresh_python import in_fresh_python

from repro_nb.deterministic import (
    DeterministicConfig,
    DeterministicContext,
    DeterministicPerformanceWarning,
    disable_deterministic_mode,
)
from repro_nb.deterministic.interleaved import Timings, time_interleaved
from repro_nb.deterministic.performance import _compared as compared
from repro_nb.deterministic.performance import _is_steady as is_steady
from repro_nb.deterministic.performance import _timed as timed

LOUD = DeterministicConfig(torch_deterministic=True, torch_benchmark=False, warn_performance=True)


def test_the_warning_gives_figures_for_each_operation():
    """How each compares, and both times."""
    with pytest.warns(DeterministicPerformanceWarning) as caught:
        LOUD.apply()
    disable_deterministic_mode()
    (warning,) = caught
    figures = r"(\d+\.\dx (slower|faster)|as fast) \(\d+\.\d{3} ms → \d+\.\d{3} ms\)"
    compared = rf"({figures}|could not be measured steadily)"
    for name in ("index_put_ with accumulate", "index_add_", "scatter_add_", "torch.empty"):
        assert re.search(f"{name} {compared}", str(warning.message))
    assert warning.filename == __file__


def test_nothing_is_said_unless_asked_for():
    """The plain mode begins in silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with DeterministicContext():
            pass


def test_the_mode_is_on_after_the_measurement():
    """What was switched back and forth ends up as the configuration says."""
    with pytest.warns(DeterministicPerformanceWarning):
        LOUD.apply()
    assert torch.get_deterministic_debug_mode() == 2
    assert torch.backends.cudnn.deterministic
    disable_deterministic_mode()


def test_the_measurement_draws_no_random_numbers_and_keeps_the_users_defaults():
    """Streams, default type, gradients and the number of threads are as they were."""
    import random

    import numpy as np

    torch.set_default_dtype(torch.float64)
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state()
    with pytest.warns(DeterministicPerformanceWarning), DeterministicContext(LOUD):
        pass
    assert before[:2] == (random.getstate(), repr(np.random.get_state()))
    assert torch.equal(before[2], torch.get_rng_state())
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float64
    torch.set_default_dtype(torch.float32)


def test_everything_is_restored_where_the_warning_is_an_error():
    """The mode did not begin, so it leaves nothing behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeterministicPerformanceWarning):
            LOUD.apply()
    assert torch.get_deterministic_debug_mode() == 0


def test_torch_is_measured_when_it_is_imported():
    """Before that there is nothing to say, and the mode does not import it."""
    lines = in_fresh_python(
        "import sys, warnings\n"
        "from repro_nb.deterministic import DeterministicConfig\n"
        "warnings.simplefilter('always')\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    DeterministicConfig(warn_performance=True).apply()\n"
        "    print(len(caught), 'torch' in sys.modules)\n"
        "    import torch\n"
        "    print(*[type(one.message).__name__ for one in caught], [one.lineno for one in caught])\n"
        "    print(torch.get_deterministic_debug_mode())\n"
    )
    assert lines == ["0 False", "DeterministicPerformanceWarning [7]", "2"]


def test_an_operation_that_torch_refuses_is_named_and_does_not_keep_the_mode_from_beginning():
    """Which operations have a deterministic algorithm depends on the device and on torch's version."""
    target, index = torch.zeros(3), torch.tensor([0, 0])
    call = partial(target.put_, index, torch.ones(2))
    assert timed("put_", call, DeterministicConfig()) == "put_ refused"


def test_the_shortest_run_counts():
    """Runs that the machine interrupted, however many, move no figure."""
    timings = Timings((0.001, 0.4, 0.4), (0.4, 0.4, 0.002))
    assert compared("sum", timings) == "sum 2.0x slower (1.000 ms → 2.000 ms)"


@pytest.mark.parametrize(
    ("normal", "deterministic", "steady"),
    [
        ((1.0,) * 12, (2.0,) * 12, True),
        ((1.0,) * 6 + (9.0,) * 6, (2.0,) * 6 + (18.0,) * 6, True),
        ((1.0,) * 6 + (9.0,) * 6, (2.0,) * 12, False),
        ((1.0,) * 4, (2.0,) * 4, False),
    ],
)
def test_a_measurement_on_a_busy_machine_gives_no_figure(normal, deterministic, steady):
    """The earlier and the later runs have to agree, and there have to be enough of them."""
    assert is_steady(Timings(normal, deterministic)) is steady


def test_a_time_limit_ends_the_measurement():
    """On a machine too busy for a single pair of runs there is no figure, and no waiting for one."""
    timings = time_interleaved(int, DeterministicConfig(), runs=10**9, warmup=2, seconds=0)
    assert timings == Timings((), ())
    assert not is_steady(timings)
