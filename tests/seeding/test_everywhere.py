"""Seeding: every loaded library now, every other one when it is imported."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from fresh_python import in_fresh_python
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.deterministic import disable_deterministic_mode
from repro_nb.errors import UsageError
from repro_nb.probe.session import session
from repro_nb.seeding import (
    SEED_LIMIT,
    checked_seed,
    get_current_seed,
    let_go,
    set_global_seed,
)


@pytest.fixture(autouse=True)
def clean_session():
    """Leave neither a seed nor a watch behind."""
    before = list(sys.meta_path)
    yield
    let_go()
    session.seeding = None
    disable_deterministic_mode()
    assert sys.meta_path == before


def draws() -> tuple[float, float, float]:
    """One draw from each global stream."""
    return random.random(), float(np.random.rand()), float(torch.rand(()))


@settings(deadline=None)
@given(st.integers(0, SEED_LIMIT - 1))
def test_a_seed_repeats_all_streams(seed):
    """The same seed gives the same numbers in python, numpy and torch."""
    set_global_seed(seed)
    first = draws()
    set_global_seed(seed)
    assert draws() == first


def test_the_streams_are_those_of_the_libraries_own_calls():
    """Seeding with us is seeding with the libraries: a user can go back at any time."""
    set_global_seed(42)
    ours = draws()
    random.seed(42)
    np.random.seed(42)
    torch.manual_seed(42)
    assert draws() == ours


def test_current_seed_is_the_last_one_set():
    """Before the first call there is no current seed."""
    assert get_current_seed() is None
    set_global_seed(1)
    set_global_seed(2)
    assert get_current_seed() == 2


@pytest.mark.parametrize("seed", [np.int64(7), np.uint8(7), np.array(7)])
def test_numpys_integers_are_seeds(seed):
    """A seed that comes out of an array counts as the integer it is."""
    set_global_seed(seed)
    assert get_current_seed() == 7
    assert type(get_current_seed()) is int


@pytest.mark.parametrize(
    "seed",
    [
        True,
        False,
        1.0,
        "42",
        None,
        -1,
        SEED_LIMIT,
        np.float64(3),
        [1],
        torch.tensor(True),
        np.bool_(True),
    ],
)
def test_what_is_no_seed_is_refused_before_any_stream_is_touched(seed):
    """A wrong seed raises one clear error and changes nothing."""
    set_global_seed(3)
    expected = random.getstate()
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        set_global_seed(seed)
    assert random.getstate() == expected
    assert get_current_seed() == 3


@settings(deadline=None)
@given(st.integers())
def test_the_domain_is_one_rule(number):
    """Every integer inside the domain is taken as it is, every other one refused."""
    if 0 <= number < SEED_LIMIT:
        assert checked_seed(number) == number
    else:
        with pytest.raises(UsageError):
            checked_seed(number)


def test_libraries_imported_later_are_seeded_by_their_import():
    """Numpy and torch, imported after the seed was set, give the numbers of that seed."""
    late, own = in_fresh_python(
        "import sys\n"
        "from repro_nb import set_global_seed\n"
        "set_global_seed(42)\n"
        "assert not {'numpy', 'torch'} & set(sys.modules)\n"
        "import torch\n"
        "import numpy as np\n"
        "print(np.random.rand(), torch.rand(()))\n"
        "np.random.seed(42)\n"
        "torch.manual_seed(42)\n"
        "print(np.random.rand(), torch.rand(()))\n"
    )
    assert late == own


def test_the_last_seed_reaches_later_imports():
    """A library imported after two seeds gets the second one."""
    late, own = in_fresh_python(
        "from repro_nb import set_global_seed\n"
        "set_global_seed(1)\n"
        "set_global_seed(2)\n"
        "import numpy as np\n"
        "print(np.random.rand())\n"
        "np.random.seed(2)\n"
        "print(np.random.rand())\n"
    )
    assert late == own


def test_deterministic_mode_comes_with_the_seed_on_request():
    """`deterministic=True` holds for torch, imported afterwards too."""
    (mode,) = in_fresh_python(
        "from repro_nb import set_global_seed\n"
        "set_global_seed(1, deterministic=True)\n"
        "import torch\n"
        "print(torch.are_deterministic_algorithms_enabled())\n"
    )
    assert mode == "True"


def test_a_framework_whose_import_brings_in_another_is_seeded_too(tmp_path):
    """Torch imports numpy half way through its own import; both are seeded, and nothing is printed."""
    code = (
        "import repro_nb, sys\nrepro_nb.set_global_seed(3)\nimport torch\n"
        "a = torch.rand(1); import numpy as np; b = np.random.rand()\n"
        "torch.manual_seed(3); np.random.seed(3)\nprint(a == torch.rand(1), b == np.random.rand())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("tensor([True]) True\n", "")


@pytest.mark.parametrize("only", [3, [], ["nampy"], "nampy", [None]])
def test_names_that_are_no_sources_are_refused(only):
    """With the ones that there are."""
    with pytest.raises(UsageError, match=r"python, numpy, torch|no list"):
        set_global_seed(1, deterministic=False, only=only)
