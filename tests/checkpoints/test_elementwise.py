"""How two tensors differ, where their numbers are at the end of what a float can say."""

import math

import numpy as np
import pytest

from repro_nb.checkpoints.elementwise import difference_of
from repro_nb.checkpoints.progress import Silent
from repro_nb.checkpoints.tensors import TensorEntry
from repro_nb.checkpoints.tensors.sources import MemoryBytes


def _difference(left, right, dtype="F64"):
    kind = {"F64": "<f8", "C128": "<c16", "I64": "<i8"}[dtype]
    entries = [
        TensorEntry(
            name="w",
            dtype=dtype,
            shape=(len(side),),
            place=None,
            source=MemoryBytes(np.array(side, kind).tobytes()),
        )
        for side in (left, right)
    ]
    return difference_of(*entries, Silent())


@pytest.mark.parametrize("dtype", ["F64", "C128"])
def test_a_difference_that_no_float_can_say_is_infinite_but_its_sides_are_not(dtype):
    """Both numbers are finite; what is relative to them is known, too."""
    found = _difference([1e308, 1.0], [-1e308, 1.0], dtype)
    assert found.not_finite == 0
    assert found.max_abs == found.l2 == math.inf
    assert found.relative == pytest.approx(2)


def test_squares_that_no_float_can_say_do_not_spoil_the_root():
    """The root of their sum is an ordinary number."""
    found = _difference([3e200, 4e200, 1.0], [6e200, 8e200, 2.0])
    assert found.l2 == pytest.approx(5e200)
    assert found.relative == pytest.approx(1)
    assert found.max_abs == 4e200


def test_small_differences_of_huge_numbers_are_relative_to_them():
    """The left norm alone is large."""
    found = _difference([1e200, 1.0], [1e200, 3.0])
    assert (found.max_abs, found.l2) == (2, 2)
    assert found.relative == pytest.approx(2e-200)


def test_what_is_not_finite_on_one_side_is_counted_and_in_no_other_figure():
    """An infinity and a NaN, beside a finite difference."""
    found = _difference([1.0, 2.0, 3.0, 4.0], [1.0, math.inf, math.nan, 6.0])
    assert (found.changed, found.not_finite) == (3, 2)
    assert (found.max_abs, found.l2) == (2, 2)
    assert _difference([1.0], [math.nan]).max_abs is None


def test_a_tensor_of_zeros_is_infinitely_far_from_any_other():
    """Nothing is relative to it."""
    assert _difference([0.0], [5.0]).relative == math.inf
    assert _difference([0], [5], "I64").relative == math.inf
