"""What README.md says beside its blocks, looked at after each has run: a function for each heading, by its name."""

import hashlib
import os
import random
from pathlib import Path
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


def checkpoint_verification(names: Names) -> None:
    """The hash is that of the standard tool, and one flipped bit ends the validity of this checkpoint alone."""
    path = Path("experiments/model.pth")
    assert names["hash_value"] == hashlib.sha256(Path("model.pth").read_bytes()).hexdigest()
    assert names["is_valid"]
    assert all(names["results"].values())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not names["verifier"].verify_checkpoint("model.pth")
    assert not all(names["verifier"].verify_all_checkpoints().values())


def custom_verification_metadata(names: Names) -> None:
    """Nested metadata comes back as it was given."""
    found = names["verifier"].get_checkpoint_metadata("final_model.pth")
    assert found.metadata == names["metadata"]


def issue_3_checkpoint_verification_fails_after_model_updates(names: Names) -> None:
    """The version is kept; and an architecture has a digest that is the same in every process."""
    kept = names["verifier"].get_checkpoint_metadata("model_v2.pth").metadata
    assert kept["model_version"] == "v2.1"
    assert repro_nb.architecture_digest(names["model"]) == repro_nb.architecture_digest(
        names["model"]
    )
