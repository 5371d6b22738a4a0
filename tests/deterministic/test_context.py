"""Deterministic mode: held inside, restored exactly outside."""

import os
import warnings

import pytest
import torch
from fresh_python import in_fresh_python
from held_settings import CUBLAS, held_values
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.deterministic import (
    DeterminismWarning,
    DeterministicConfig,
    DeterministicContext,
    When,
    get_deterministic_status,
    starting_hash_seed,
)
from repro_nb.errors import UsageError


def test_the_mode_is_held_inside_the_block():
    """Torch uses deterministic algorithms, and cuDNN does not choose by timing."""
    with DeterministicContext():
        assert held_values()[:5] == (2, True, False, True, ":4096:8")


@settings(deadline=None)
@given(
    mode=st.sampled_from([0, 1, 2]),
    cudnn=st.booleans(),
    benchmark=st.booleans(),
    fill=st.booleans(),
    cublas=st.sampled_from([None, "", ":16:8", ":4096:8", "else"]),
    warn_only=st.booleans(),
)
def test_every_setting_is_restored_exactly(mode, cudnn, benchmark, fill, cublas, warn_only):
    """Whatever was set before is set after, an empty variable and an unset one told apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.backends.cudnn, "deterministic", cudnn)
        patch.setattr(torch.backends.cudnn, "benchmark", benchmark)
        patch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", fill)
        patch.delenv(CUBLAS, raising=False) if cublas is None else patch.setenv(CUBLAS, cublas)
        torch.set_deterministic_debug_mode(mode)
        before = held_values()
        with DeterministicContext(DeterministicConfig(torch_warn_only=warn_only)):
            assert torch.get_deterministic_debug_mode() == (1 if warn_only else 2)
        assert held_values() == before
        torch.set_deterministic_debug_mode(0)


def test_it_decorates_a_function_that_calls_itself():
    """Each call is a block of its own."""

    @DeterministicContext(DeterministicConfig(torch_warn_only=True))
    def modes(depth):
        return [torch.get_deterministic_debug_mode(), *(modes(depth - 1) if depth else [])]

    assert modes(2) == modes(2) == [1, 1, 1]
    assert torch.get_deterministic_debug_mode() == 0


def test_a_function_that_runs_after_its_call_is_not_decorated():
    """The mode would be over before its body begins."""

    async def train():
        pass

    with pytest.raises(UsageError, match="train runs after its call has returned"):
        DeterministicContext()(train)


def test_settings_are_restored_when_the_block_raises():
    """An exception passes through, after everything was put back."""
    before = held_values()
    with pytest.raises(ZeroDivisionError), DeterministicContext():
        raise ZeroDivisionError
    assert held_values() == before


def test_a_setting_that_the_user_changed_is_left_with_a_warning():
    """What the block itself sets is the user's wish, and outlives it; the rest is restored."""
    changed = pytest.warns(DeterminismWarning, match="was changed to 1 in deterministic mode")
    with changed, DeterministicContext():
        torch.set_deterministic_debug_mode(1)
    assert torch.get_deterministic_debug_mode() == 1
    assert not torch.backends.cudnn.deterministic
    torch.set_deterministic_debug_mode(0)


def test_a_setting_that_the_user_put_back_needs_no_warning():
    """Whoever ends the mode themselves gets what they asked for, in silence."""
    with DeterministicContext():
        torch.backends.cudnn.deterministic = False
    assert not torch.backends.cudnn.deterministic


def test_a_changed_setting_that_was_never_held_is_nobodys_business():
    """What was already as wanted is not restored, and no warning is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with DeterministicContext(DeterministicConfig(torch_warn_only=True)):
            torch.utils.deterministic.fill_uninitialized_memory = False
    assert not torch.utils.deterministic.fill_uninitialized_memory
    torch.utils.deterministic.fill_uninitialized_memory = True


def test_contexts_nest():
    """The inner one restores what the outer one set, the outer one what was there."""
    with DeterministicContext(DeterministicConfig(torch_warn_only=True)):
        with DeterministicContext():
            assert torch.get_deterministic_debug_mode() == 2
        assert torch.get_deterministic_debug_mode() == 1
    assert torch.get_deterministic_debug_mode() == 0


def test_one_context_is_entered_once_at_a_time():
    """Entering it again would forget what to restore; afterwards it can be used again."""
    context = DeterministicContext()
    with context, pytest.raises(UsageError, match="already entered"), context:
        pass
    with context:
        assert torch.get_deterministic_debug_mode() == 2


def test_apply_holds_until_restored():
    """A configuration can be applied for the rest of a session, and taken back."""
    held = DeterministicConfig().apply()
    assert torch.get_deterministic_debug_mode() == 2
    held.restore()
    held.restore()
    assert torch.get_deterministic_debug_mode() == 0


def test_a_nondeterministic_operation_raises_unless_told_to_warn():
    """An operation without a deterministic algorithm does not pass in silence."""
    target, index = torch.zeros(3), torch.tensor([0, 0])
    with DeterministicContext(), pytest.raises(RuntimeError, match="deterministic"):
        target.put_(index, torch.ones(2))
    warns = pytest.warns(UserWarning, match="deterministic")
    with DeterministicContext(DeterministicConfig(torch_warn_only=True)), warns:
        target.put_(index, torch.ones(2))


def test_tf32_set_the_new_way_can_be_read():
    """The old name of the setting raises once the new one was used; the status reads the new one."""
    matmul = torch.backends.cuda.matmul
    before = matmul.fp32_precision
    matmul.fp32_precision = "tf32"
    status = get_deterministic_status()["torch.backends.cuda.matmul.fp32_precision"]
    matmul.fp32_precision = before
    assert status.value == "tf32"
    assert status.settled is None


def test_status_tells_what_is_settled_and_when_a_change_counts():
    """The status changes with the mode, and labels each setting."""
    name = "torch.set_deterministic_debug_mode"
    assert get_deterministic_status()[name].settled is False
    with DeterministicContext():
        assert get_deterministic_status()[name].settled is True
    assert get_deterministic_status()[name].when is When.LIVE
    assert get_deterministic_status()["PYTHONHASHSEED"].when is When.NEEDS_RESTART


def test_a_framework_imported_inside_the_block_is_held_and_restored():
    """`import torch` inside counts, is not hastened, and leaves the defaults behind."""
    lines = in_fresh_python(
        "import os, sys\n"
        "from repro_nb import DeterministicContext, get_deterministic_status\n"
        "finders = list(sys.meta_path)\n"
        "with DeterministicContext():\n"
        "    assert not {'torch', 'jax', 'numpy'} & set(sys.modules)\n"
        "    import torch\n"
        "    print(torch.get_deterministic_debug_mode(), torch.backends.cudnn.deterministic)\n"
        "print(torch.get_deterministic_debug_mode(), torch.backends.cudnn.deterministic)\n"
        "print(os.environ.get('CUBLAS_WORKSPACE_CONFIG'), sys.meta_path == finders)\n"
        "print('torch._inductor' in sys.modules)\n"
    )
    assert lines == ["2 True", "0 False", "None True", "False"]


def test_the_compilers_own_switch_is_held_once_it_is_loaded():
    """Where torch's compiler is in use, its deterministic switch is set and put back."""
    lines = in_fresh_python(
        "import torch._inductor.config as config\n"
        "from repro_nb import DeterministicContext\n"
        "with DeterministicContext():\n"
        "    print(config.deterministic)\n"
        "print(config.deterministic)\n"
    )
    assert lines == ["True", "False"]


@pytest.mark.parametrize(
    ("variable", "expected"), [("42", "42"), ("0", "0"), ("random", "None"), ("", "None")]
)
def test_the_hash_seed_is_the_one_the_process_was_started_with(variable, expected):
    """Setting the variable at run time changes nothing, so it does not count."""
    lines = in_fresh_python(
        "import os\n"
        "from repro_nb.deterministic import starting_hash_seed\n"
        "os.environ['PYTHONHASHSEED'] = '7'\n"
        "print(starting_hash_seed())\n",
        PYTHONHASHSEED=variable,
    )
    assert lines == [expected]


def test_the_hash_seed_of_this_process_is_read_like_the_interpreter_does():
    """A fixed hash seed is told apart from a floating one."""
    variable = os.environ.get("PYTHONHASHSEED", "")
    assert starting_hash_seed() == (variable if variable.isdigit() else None)
