"""Digests of variables tell in which variable two runs part, whatever address anything has."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.probe.value_digests import Limits, value_digests

PROJECT = Path(__file__).resolve().parents[2]
_IN_ANOTHER_PROCESS = """
import json, random, numpy as np, pandas as pd
from repro_nb.probe.value_digests import value_digests
class Point:
    def __init__(self): self.x, self.me = 1.5, self
point, listed = Point(), list({"ash", "oak", "elm", "fir", "yew", "bay"})
trees = {"ash", "oak", "elm", "fir", "yew", "bay"}
frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
held, rng = {"trees": trees, "f": print}, np.random.default_rng(3)
print(json.dumps(value_digests(list(globals()), globals())))
"""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner, inner)
    | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


def digest(value, limits=None):
    """The digest of one value; None where it has none."""
    found = value_digests(["value"], {"value": value}, *([] if limits is None else [limits]))
    return found.get("value")


def in_process(seed):
    """Digests of the same variables in a process with this hash seed."""
    made = subprocess.run(
        [sys.executable, "-c", _IN_ANOTHER_PROCESS],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return __import__("json").loads(made.stdout)


def test_two_processes_agree_but_for_the_order_of_sets():
    first, second = in_process("1"), in_process("2")
    assert {name for name in first if first[name] != second[name]} == {"trees", "listed", "held"}
    contents = {name: [each[name].split("+")[0] for each in (first, second)] for name in first}
    assert contents["trees"][0] == contents["trees"][1]
    assert contents["held"][0] == contents["held"][1]
    assert contents["listed"][0] != contents["listed"][1]


@given(VALUES)
def test_equal_values_have_equal_digests(value):
    assert digest(value) == digest(__import__("copy").deepcopy(value))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ("1", b"1"),
        ([1, [2]], [[1], 2]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.array([1.0, 2.0]), np.array([1.0, np.nextafter(2.0, 3)])),
        (torch.ones(3), torch.ones(3, dtype=torch.float64)),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[1, 0])),
        (random.Random(1), random.Random(2)),
    ],
)
def test_what_differs_in_any_bit_or_place_has_another_digest(one, other):
    assert digest(one) != digest(other)


def test_what_cannot_be_looked_into_is_marked():
    assert digest([threading.Lock()]).startswith("~")


def test_modules_functions_and_classes_have_none_and_leave_none():
    assert value_digests(["np", "digest", "Limits"], globals()) == {}
    assert digest([len]) == digest([abs])


def test_the_stream_that_everybody_shares_is_no_part_of_what_holds_it():
    holder = {"stream": np.random.mtrand._rand}
    before = digest(holder)
    np.random.random()
    assert digest(holder) == before


@pytest.mark.parametrize("value", [list(range(2000)), np.ones(2000), "x" * 2000, {1: "x" * 2000}])
def test_what_is_too_large_has_none_and_leaves_room_for_the_rest(value):
    found = value_digests(["big", "small"], {"big": value, "small": 1}, Limits(1000, 1000, 10))
    assert list(found) == ["small"]


def test_a_value_that_holds_itself_comes_to_an_end():
    value = [1]
    value.append(value)
    assert digest(value) is not None


def test_none_of_the_users_code_runs_and_nothing_is_kept():
    class Touchy:
        def __getattribute__(self, name):
            raise AssertionError(name)

        def __eq__(self, other):
            raise AssertionError

        __hash__ = None

        def __repr__(self):
            raise AssertionError

    value = [Touchy()]
    before = sys.getrefcount(value[0]), random.getstate(), np.random.get_state()[1].tobytes()
    assert digest(value) is not None
    assert before == (
        sys.getrefcount(value[0]),
        random.getstate(),
        np.random.get_state()[1].tobytes(),
    )
