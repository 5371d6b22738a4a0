"""Values of libraries that the test extra does not bring; these tests run where they are installed."""

import copy
from typing import Any

import numpy as np
import pytest

from repro_nb.values import compare

ABSENT = "the test extra does not bring this library"


def check(one: Any, other: Any, path: str) -> None:
    """One value equals its copy, and differs from the other at the path alone."""
    same = compare(one, copy.deepcopy(one))
    assert same.equal
    assert not same.uncomparable
    (difference,) = compare(one, other).differences
    assert difference.path == path


def test_tensorflows_tensors_and_variables() -> None:
    tf = pytest.importorskip("tensorflow", reason=ABSENT)
    check([tf.constant([1.0, 2])], [tf.constant([1.0, 3])], "[0]")
    check([tf.Variable([1.0, 2])], [tf.Variable([1.0, 3])], "[0]")
    check(tf.constant([1.0], tf.bfloat16), tf.constant([2.0], tf.bfloat16), "")
    check(tf.constant(["a"]), tf.constant(["b"]), "[0]")


def test_columns_of_polars() -> None:
    pl = pytest.importorskip("polars", reason=ABSENT)
    columns = {"a": [1, 2], "b": ["x", None], "c": [1, None]}
    for name, values, path in [
        ("a", [1, 3], "['a']"),
        ("b", ["y", None], "['b'][0]"),
        ("c", [2, None], "['c'][0]"),
    ]:
        check(pl.DataFrame(columns), pl.DataFrame({**columns, name: values}), path)


def test_columns_of_arrow() -> None:
    pa = pytest.importorskip("pyarrow", reason=ABSENT)
    same = compare(pa.table({"a": [1, 2]}), pa.table({"a": [1, 2]}))
    assert same.equal
    assert not same.uncomparable
    assert not compare(pa.table({"a": [1, 2]}), pa.table({"a": [1, 3]})).equal


def test_labelled_arrays_of_xarray() -> None:
    xr = pytest.importorskip("xarray", reason=ABSENT)

    def made(first: float, label: int) -> Any:
        return xr.DataArray(np.array([first, 1]), dims="x", coords={"x": [label, 9]})

    check(made(0, 5), made(1, 5), ".variable.data")
    assert ".coords['x']" in str(compare(made(0, 5), made(0, 6)))
    check(xr.Dataset({"v": made(0, 5)}), xr.Dataset({"v": made(1, 5)}), "['v'].data")
