"""What docs/deterministic.md says holds."""

from pathlib import Path

import pytest
import torch

from repro_nb.deterministic import DeterministicContext, ThreadLimit, get_deterministic_status
from repro_nb.deterministic.held import HELD

PAGE = (Path(__file__).parents[2] / "docs" / "deterministic.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [knob.name for knob in HELD])
def test_every_setting_that_is_held_is_documented(name):
    """The page lists what is changed, without exception."""
    assert f"`{name}`" in PAGE.split("## What it shows")[0]


def test_sums_over_indices_repeat_in_deterministic_mode():
    """With several threads they differ from run to run on a CPU; in the mode they are equal to the bit."""
    index = torch.arange(20_000) % 7
    values = torch.sin(torch.arange(20_000 * 16)).reshape(20_000, 16)

    def total() -> torch.Tensor:
        return torch.zeros(7, 16).index_put_((index,), values, accumulate=True)

    with ThreadLimit(4), DeterministicContext():
        first = total()
        assert all(torch.equal(first, total()) for _ in range(20))


def test_uninitialised_memory_is_filled_in_deterministic_mode():
    """`torch.empty` gives the same in every run."""
    with DeterministicContext():
        assert torch.empty(1000).isnan().all()


def test_the_status_says_of_each_setting_when_a_change_counts():
    """Every setting has a value, a label and a purpose in words."""
    for name, setting in get_deterministic_status().items():
        assert setting.name == name
        assert setting.when.value in {"live", "needs-restart", "too-late"}
        assert setting.purpose
