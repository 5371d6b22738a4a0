"""Deterministic mode for the rest of the session: modes add up, and each ends exactly."""

import os
import warnings

import pytest
import torch
from fresh_python import in_fresh_python
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.deterministic import (
    DeterminismWarning,
    DeterministicConfig,
    DeterministicContext,
    disable_deterministic_mode,
    enable_deterministic_mode,
    restore_deterministic_state,
)
from repro_nb.errors import UsageError

WARN_ONLY = DeterministicConfig(torch_warn_only=True)


def mode() -> int:
    """Torch's mode: 0 off, 1 warns, 2 raises."""
    return torch.get_deterministic_debug_mode()


def test_the_mode_stays_on_until_it_is_disabled():
    """No block is needed in a notebook, where each cell is one."""
    enable_deterministic_mode()
    assert mode() == 2
    disable_deterministic_mode()
    assert mode() == 0


def test_disabling_when_nothing_is_on_does_nothing():
    """A cell that switches the mode off can be run at any time."""
    torch.set_deterministic_debug_mode(1)
    disable_deterministic_mode()
    assert mode() == 1
    torch.set_deterministic_debug_mode(0)


def test_disabling_ends_all_modes_that_were_enabled():
    """A cell that enables the mode may be run three times; one call undoes it all."""
    enable_deterministic_mode(WARN_ONLY)
    enable_deterministic_mode()
    WARN_ONLY.apply()
    assert mode() == 1
    disable_deterministic_mode()
    assert mode() == 0


def test_restoring_a_state_ends_what_came_after_it():
    """`previous_state` means the settings from before that call, whatever was enabled since."""
    outer = enable_deterministic_mode(WARN_ONLY)
    previous_state = enable_deterministic_mode()
    enable_deterministic_mode(WARN_ONLY)
    restore_deterministic_state(previous_state)
    assert outer.is_on
    assert mode() == 1
    restore_deterministic_state(outer)
    assert mode() == 0


def test_a_state_is_restored_once():
    """The second time it says nothing about what was enabled meanwhile."""
    previous_state = enable_deterministic_mode()
    restore_deterministic_state(previous_state)
    enable_deterministic_mode(WARN_ONLY)
    restore_deterministic_state(previous_state)
    assert mode() == 1
    disable_deterministic_mode()


@pytest.mark.parametrize("state", [None, {"torch": 0}, DeterministicConfig()])
def test_only_a_state_can_be_restored(state):
    """The error says where a state comes from."""
    with pytest.raises(UsageError, match="enable_deterministic_mode"):
        restore_deterministic_state(state)


def test_a_block_is_independent_of_the_session():
    """`with` blocks neither end with the session's mode nor end it."""
    with DeterministicContext():
        enable_deterministic_mode(WARN_ONLY)
        disable_deterministic_mode()
        assert mode() == 2
    enable_deterministic_mode()
    with DeterministicContext(WARN_ONLY):
        assert mode() == 1
    assert mode() == 2
    disable_deterministic_mode()


def test_a_mode_outlives_an_equal_one_that_ends_before_it():
    """The session's mode goes on when the block that it was enabled in ends."""
    with DeterministicContext():
        enable_deterministic_mode()
    assert mode() == 2
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    disable_deterministic_mode()
    assert mode() == 0
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ


configs = st.builds(
    DeterministicConfig,
    torch_deterministic=st.booleans(),
    torch_benchmark=st.booleans(),
    torch_use_deterministic_algorithms=st.booleans(),
    torch_warn_only=st.booleans(),
    cublas_workspace=st.sampled_from([":4096:8", ":16:8"]),
)


@settings(deadline=None)
@given(data=st.data(), modes=st.lists(configs, min_size=1, max_size=4))
def test_modes_that_end_in_any_order_leave_no_trace(data, modes, held_values):
    """While one is left, its wish holds where it came last; with the last one, everything is as before."""
    order = data.draw(st.permutations(range(len(modes))))
    before = held_values()
    contexts = [DeterministicContext(config).__enter__() for config in modes]
    last = held_values()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for place in order:
            if contexts[-1].is_on:
                assert held_values() == last
            contexts[place].restore()
    assert held_values() == before


def test_a_change_under_a_newer_mode_is_left_with_one_warning():
    """What the user set between two modes is theirs, in whatever order the modes end."""
    older = enable_deterministic_mode()
    torch.set_deterministic_debug_mode(1)
    newer = DeterministicContext().__enter__()
    with pytest.warns(DeterminismWarning, match="changed to 1") as caught:
        older.restore()
    assert mode() == 2
    newer.restore()
    assert mode() == 1
    assert len(caught) == 1
    torch.set_deterministic_debug_mode(0)


def test_a_change_inside_two_modes_is_told_once():
    """Both modes find it, one warning is enough; what was set to how it was before them needs none."""
    outer, inner = DeterministicContext(WARN_ONLY).__enter__(), DeterministicContext().__enter__()
    torch.backends.cudnn.benchmark = torch.backends.cudnn.deterministic = False
    torch.set_deterministic_debug_mode("default")
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = "mine"
    with pytest.warns(DeterminismWarning) as caught:
        inner.restore()
    outer.restore()
    assert [str(one.message).split(" was ")[0] for one in caught] == ["CUBLAS_WORKSPACE_CONFIG"]
    assert os.environ.pop("CUBLAS_WORKSPACE_CONFIG") == "mine"


def test_every_setting_is_put_back_even_where_a_warning_is_an_error():
    """`warnings.simplefilter("error")` does not leave half a mode behind."""
    enable_deterministic_mode()
    enable_deterministic_mode(WARN_ONLY)
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = "mine"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeterminismWarning):
            disable_deterministic_mode()
    assert (mode(), torch.backends.cudnn.deterministic) == (0, False)
    del os.environ["CUBLAS_WORKSPACE_CONFIG"]


def test_the_warning_points_at_the_users_line():
    """A notebook shows the cell and the line that ended the mode, not ours."""
    enable_deterministic_mode()
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = "mine"
    with pytest.warns(DeterminismWarning) as caught:
        disable_deterministic_mode()
    assert caught[0].filename == __file__
    del os.environ["CUBLAS_WORKSPACE_CONFIG"]


def test_what_is_imported_later_is_held_until_disabled():
    """The mode comes with the import, and goes with `disable_deterministic_mode`."""
    lines = in_fresh_python(
        "import sys\n"
        "from repro_nb.deterministic import disable_deterministic_mode, enable_deterministic_mode\n"
        "finders = list(sys.meta_path)\n"
        "enable_deterministic_mode(); enable_deterministic_mode()\n"
        "assert not {'torch', 'numpy', 'jax'} & set(sys.modules)\n"
        "import torch\n"
        "print(torch.get_deterministic_debug_mode())\n"
        "disable_deterministic_mode()\n"
        "print(torch.get_deterministic_debug_mode(), sys.meta_path == finders)\n"
    )
    assert lines == ["2", "0 True"]
