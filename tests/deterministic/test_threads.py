"""One number of threads: held inside, for what is imported inside too, and restored exactly outside."""

import numpy as np
import pytest
import torch
from fresh_python import in_fresh_python
from threadpoolctl import threadpool_info, threadpool_limits

from repro_nb.deterministic import DeterminismWarning, ThreadLimit, get_deterministic_status
from repro_nb.errors import UsageError


def numbers() -> dict[str, int]:
    """Threads of every library that there is."""
    pools = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    return {**pools, "torch": torch.get_num_threads()}


@pytest.mark.parametrize("count", [1, 2, 3, np.int64(1)])
def test_every_library_computes_with_that_many_threads(count):
    """More than there were is a number like any other; each comes back."""
    before = numbers()
    with ThreadLimit(count):
        assert set(numbers().values()) == {count}
    after = numbers()
    assert {name: after[name] for name in before} == before  # the limit itself may load a library


def test_the_numbers_are_restored_when_the_block_raises():
    """An exception passes through, after everything was put back."""
    before = numbers()
    with pytest.raises(ZeroDivisionError), ThreadLimit(1):
        raise ZeroDivisionError
    assert numbers() == before


def test_limits_nest():
    """The inner one restores what the outer one set."""
    before = numbers()
    with ThreadLimit(1):
        with ThreadLimit(3):
            assert torch.get_num_threads() == 3
        assert set(numbers().values()) == {1}
    assert numbers() == before


def test_limits_may_end_in_any_order():
    """The one that is left still holds; after it, everything is as before."""
    before = numbers()
    outer, inner = ThreadLimit(1).__enter__(), ThreadLimit(3).__enter__()
    outer.restore()
    assert set(numbers().values()) == {3}
    inner.restore()
    assert numbers() == before


def test_a_number_that_the_user_set_is_left_with_a_warning():
    """The block's own wish outlives it."""
    before = torch.get_num_threads()
    changed = pytest.warns(DeterminismWarning, match="torch.set_num_threads was changed to 5")
    with changed, ThreadLimit(1):
        torch.set_num_threads(5)
    assert torch.get_num_threads() == 5
    torch.set_num_threads(before)


def test_others_may_still_limit_threads_from_elsewhere():
    """The package threadpoolctl obeys one thread at a time; it is not kept by a limit that is over."""
    from concurrent.futures import ThreadPoolExecutor

    def limited() -> int:
        with threadpool_limits(1, "blas"):
            return max(one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas")

    with ThreadLimit(2), ThreadPoolExecutor(1) as pool:
        assert pool.submit(limited).result() == 1


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", None, True])
def test_only_a_number_of_threads_is_accepted(count):
    """One clear error, before anything is touched."""
    with pytest.raises(UsageError, match="no number of threads"):
        ThreadLimit(count)


def test_a_limit_is_entered_once_at_a_time():
    """Entering it again would forget what to restore."""
    limit = ThreadLimit(1)
    with limit, pytest.raises(UsageError, match="already entered"), limit:
        pass
    with limit:
        assert torch.get_num_threads() == 1


def test_what_cannot_be_limited_is_said():
    """Nothing that computes with another number is passed over; after the block, the list stays."""
    import jax  # noqa: F401  being loaded is the point

    with ThreadLimit(1) as limit:
        assert "JAX" in " ".join(limit.unlimited)
    assert "JAX" in " ".join(limit.unlimited)


def test_the_status_shows_the_numbers():
    """Each number of threads is part of what decides a result."""
    with ThreadLimit(1):
        status = get_deterministic_status()
    assert status["torch.set_num_threads"].value == 1
    assert status["torch.set_num_threads"].settled is None
    assert "openblas 1" in status["BLAS and OpenMP threads"].value


def test_what_is_imported_inside_is_limited_and_restored():
    """Also numba, whose threads set the number of the library that torch computes with when they start."""
    lines = in_fresh_python(
        "import os, sys\n"
        "os.environ.update(OMP_NUM_THREADS='2', NUMBA_NUM_THREADS='2')\n"
        "from repro_nb.deterministic import ThreadLimit\n"
        "def numbers():\n"
        "    from threadpoolctl import threadpool_info\n"
        "    pools = {pool['num_threads'] for pool in threadpool_info()}\n"
        "    print(torch.get_num_threads(), numba.get_num_threads(), *pools)\n"
        "with ThreadLimit(1):\n"
        "    assert not {'torch', 'numba', 'numpy'} & set(sys.modules)\n"
        "    import torch, scipy.linalg, sklearn, numba\n"
        "    numbers()\n"
        # Libraries may leave finders of their own (six does); none of ours stays.
        "ours = [each for each in sys.meta_path if type(each).__module__.startswith('repro_nb')]\n"
        "print(torch.get_num_threads(), numba.get_num_threads(), ours)\n"
    )
    assert lines == ["1 1 1", "2 2 []"]


def test_a_number_set_inside_is_not_undone_by_a_later_import():
    """What the user set in the block stays, whatever the block imports after it."""
    lines = in_fresh_python(
        "import torch, warnings\n"
        "from repro_nb.deterministic import ThreadLimit\n"
        "warnings.simplefilter('ignore')\n"
        "with ThreadLimit(1):\n"
        "    torch.set_num_threads(3)\n"
        "    import scipy.linalg, numba\n"
        "    print(torch.get_num_threads())\n"
        "print(torch.get_num_threads())\n"
    )
    assert lines == ["3", "3"]


def test_numbas_own_limit_is_kept_and_said():
    """It refuses more threads than it was imported with; asking for the status starts none."""
    lines = in_fresh_python(
        "import os\n"
        "os.environ['NUMBA_NUM_THREADS'] = '2'\n"
        "import numba\n"
        "from repro_nb.deterministic import ThreadLimit, get_deterministic_status\n"
        "print(get_deterministic_status()['numba.set_num_threads'].value,\n"
        "      numba.np.ufunc.parallel._is_initialized)\n"
        "with ThreadLimit(3) as limit:\n"
        "    print(*[line for line in limit.unlimited if 'numba' in line])\n"
        "with ThreadLimit(1) as limit:\n"
        "    print(numba.get_num_threads(), *[line for line in limit.unlimited if 'numba' in line])\n"
        "print(numba.get_num_threads())\n"
    )
    most = "numba.set_num_threads: 2, the most that numba was imported with"
    assert lines == ["2 False", most, "1", "2"]


def test_without_threadpoolctl_the_rest_is_limited():
    """Torch is, numpy's BLAS is named as what is not."""
    lines = in_fresh_python(
        "import sys, importlib.machinery\n"
        "find = importlib.machinery.PathFinder.find_spec\n"
        "class Without:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        return None if name == 'threadpoolctl' else find(name, path, target)\n"
        "sys.meta_path = [one if one is not importlib.machinery.PathFinder else Without for one in sys.meta_path]\n"
        "from repro_nb.deterministic import ThreadLimit, get_deterministic_status\n"
        "import torch\n"
        "with ThreadLimit(1) as limit:\n"
        "    print(torch.get_num_threads(), limit.unlimited[0])\n"
        "print('BLAS and OpenMP threads' in get_deterministic_status())\n"
    )
    assert lines == [
        "1 numpy's BLAS: threadpoolctl, which can limit it, is not installed",
        "False",
    ]
