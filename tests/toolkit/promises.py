"""What README.md says beside its blocks, looked at after each has run: a function for each heading, by its name."""

import os
import random
from typing import Any

import pytest

import repro_nb

Names = dict[str, Any]


def quick_start(_: Names) -> None:
    """All random operations are deterministic, those of libraries that are imported only now too."""
    import numpy as np
    import torch

    assert random.random() == random.Random(42).random()
    assert np.random.rand() == np.random.RandomState(42).rand()
    assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(42)))
    assert torch.are_deterministic_algorithms_enabled()


def global_seeding(names: Names) -> None:
    """The block's numbers are those of its seed, and after it everything is back at seed 42."""
    np = names["np"]
    assert np.array_equal(names["data"], np.random.RandomState(123).rand(10))
    assert names["is_deterministic"] is True
    assert repro_nb.get_current_seed() == 42
    assert np.random.rand() == np.random.RandomState(42).rand()


def deterministic_operations(names: Names) -> None:
    """The first state that was kept brings back the settings from before the block."""
    import torch

    assert names["output"].shape == (32, 1)
    assert torch.are_deterministic_algorithms_enabled()
    repro_nb.restore_deterministic_state(names["previous_state"])
    assert not torch.are_deterministic_algorithms_enabled()


def performance_considerations(names: Names) -> None:
    """The results hold the two times that the figures come from."""
    results = names["results"]
    difference = results["deterministic_median"] - results["normal_median"]
    assert results["absolute_difference"] == difference
    assert results["runs"] == 5


def testing_reproducibility(names: Names) -> None:
    """The experiment draws, and would differ without its seed."""
    assert names["is_deterministic"] is True
    assert names["run_experiment"]() != names["run_experiment"]()


def distributed_training_support(names: Names) -> None:
    """Four seeds without a repetition, and this rank's is in force."""
    seeds = names["worker_seeds"]
    assert len(set(seeds)) == 4
    assert repro_nb.get_current_seed() == seeds[int(os.environ.get("RANK", "0"))]


def issue_1_non_deterministic_behavior_despite_seeding(_: Names) -> None:
    """What torch cannot do deterministically raises."""
    import torch

    with pytest.raises(RuntimeError, match="put_ does not have a deterministic"):
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))


def issue_2_performance_degradation_in_deterministic_mode(names: Names) -> None:
    """The factor can be compared with a number."""
    assert names["impact"]["slowdown_factor"] > 0
