"""Comparing nested values of plain Python: what counts as the same, and what a difference says."""

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import itertools
import math
import random
import struct
import sys
import threading
import types
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.errors import UsageError
from repro_nb.values import MOST_TOLD, Comparison, compare, leaves

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
KEYS = st.integers() | st.text() | st.tuples(st.booleans(), st.integers())
PARTIAL = functools.partial(max, 1)
ORDERED = collections.OrderedDict(a=1, b=2)
NESTED = st.recursive(
    SCALARS | st.binary() | st.frozensets(KEYS),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner)
        | st.builds(types.SimpleNamespace, held=inner)
    ),
    max_leaves=12,
)


@dataclasses.dataclass(frozen=True)
class Point:
    """A value of a user's."""

    x: float
    name: str = ""


class Slotted:
    """A class without a dict."""

    __slots__ = ("left", "right")


class Colour(enum.Enum):
    """An enumeration."""

    RED = 1
    BLUE = 2


def only(comparison: Comparison) -> str:
    """The text of the one difference."""
    (difference,) = comparison.differences
    assert not comparison.equal
    assert not comparison.uncomparable
    return str(difference)


@given(NESTED)
def test_a_value_equals_its_deep_copy(value: Any) -> None:
    comparison = compare(value, copy.deepcopy(value))
    assert comparison.equal
    assert not comparison.uncomparable
    assert comparison.compared >= 1


@given(NESTED, NESTED, st.sampled_from([0, 1.5]))
def test_the_verdict_does_not_depend_on_the_order(one: Any, other: Any, tolerance: float) -> None:
    there, back = (
        compare(one, other, tolerance=tolerance),
        compare(other, one, tolerance=tolerance),
    )
    assert there.equal == back.equal
    assert there.differing == back.differing


@given(
    st.dictionaries(
        st.text(max_size=5), st.lists(st.floats(), min_size=1, max_size=5), min_size=1, max_size=5
    ),
    st.data(),
)
def test_one_flipped_bit_is_found_where_it_is(value: Any, data: st.DataObject) -> None:
    changed = copy.deepcopy(value)
    key = data.draw(st.sampled_from(sorted(value)))
    place = data.draw(st.integers(0, len(value[key]) - 1))
    bit = data.draw(st.integers(0, 63))
    word = struct.unpack("=Q", struct.pack("=d", value[key][place]))[0] ^ (1 << bit)
    changed[key][place] = struct.unpack("=d", struct.pack("=Q", word))[0]
    if struct.pack("=d", changed[key][place]) != struct.pack("=Q", word):
        return  # a signalling NaN that this machine makes quiet
    (difference,) = compare(value, changed).differences
    assert difference.path == f"[{key!r}][{place}]"


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (0.1, 0.1 + 2**-56, "values differ by 1.4e-17 (1 ulp): 0.1 against 0.10000000000000002"),
        (0.0, -0.0, "values differ by 0 (1 ulp): 0.0 against -0.0"),
        (1, True, "type int against bool"),
        (1, 1.0, "type int against float"),
        (1.0, math.nan, "values differ, NaN on one side: 1.0 against nan"),
        (10**400, 10**400 + 1, "values differ by 1: <int of 1329 bits> against <int of 1329 bits>"),
        (1e308, -1e308, "values differ by inf: 1e+308 against -1e+308"),
        ([1, 2], (1, 2), "type list against tuple"),
        ([1, 2, 3], [1, 2], "length 3 against 2"),
        ({"a": 1}, {"a": 1, "b": 2}, "['b']: missing in the first"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "order of keys, first at [0]: 'a' against 'b'"),
        ({1: 2}, {1: 3}, "[1]: values differ by 1: 2 against 3"),
        ({(1, "a"): 2}, {(1, "a"): 3}, "[(1, 'a')]: values differ by 1: 2 against 3"),
        ({Point(1): [2]}, {Point(1): [3]}, "[<Point 0>][0]: values differ by 1: 2 against 3"),
        ({1, 2}, {1, 3}, "elements differ: 1 only in the first, 1 only in the second, such as 2"),
        ("abcdef", "abcxef", "texts differ, first at [3]: 'abcdef' against 'abcxef'"),
        (b"ab", b"ac", "texts differ, first at [1]: b'ab' against b'ac'"),
        (Point(1), Point(2), ".x: values differ by 1: 1 against 2"),
        (Colour.RED, Colour.BLUE, ".value: values differ by 1: 1 against 2"),
        (range(3), range(4), ".stop: values differ by 1: 3 against 4"),
        (collections.deque([1], 3), collections.deque([1], 4), "maxlen 3 against 4"),
        (ORDERED, collections.OrderedDict(b=2, a=1), "order of keys, first at [0]: 'a' against 'b'"),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00"), "values differ: '1.0' against '1.00'"),
        (dt.date(1, 1, 1), dt.date(1, 1, 2), "values differ: '0001-01-01' against '0001-01-02'"),
        (types.SimpleNamespace(a=[0]), types.SimpleNamespace(a=[1]), ".a[0]: values differ by 1: 0 against 1"),
        (PARTIAL, functools.partial(max, 2), ".__reduce_ex__(4)[2][1][0]: values differ by 1: 1 against 2"),
        (lambda x: x + 1, lambda x: x + 2, "code differs"),
        (random.Random(1), random.Random(2), "state differs"),
    ],
)  # fmt: skip
def test_each_kind_of_difference_reads_like_a_sentence(one: Any, other: Any, told: str) -> None:
    assert only(compare(one, other)).replace("the value: ", "") == told
    assert compare(one, copy.deepcopy(one)).equal


def test_a_float_differs_by_so_many_steps() -> None:
    (difference,) = compare([1.0], [1.0 + 4 * sys.float_info.epsilon]).differences
    assert (difference.ulps, difference.path) == (4, "[0]")
    assert difference.max_abs == difference.max_rel == 4 * sys.float_info.epsilon


def test_nan_equals_nan_of_the_same_bits_alone() -> None:
    other_nan = struct.unpack("=d", struct.pack("=Q", 0x7FF8000000000001))[0]
    assert compare(math.nan, float("nan")).equal
    assert only(compare(math.nan, other_nan)).startswith("the value: NaN of other bits")
    assert compare(math.nan, other_nan, tolerance=1e-9).equal


def test_a_tolerance_is_for_inexact_numbers_alone() -> None:
    assert compare([1.0, 2j], [1.25, 2.25j], tolerance=0.25).equal
    assert compare([math.inf], [math.inf], tolerance=0.25).equal
    for one, other in [(1.0, 1.5), (1, 2), (math.inf, 1.0), (math.nan, 1.0), ({1.0}, {1.125})]:
        assert not compare(one, other, tolerance=0.25).equal


@pytest.mark.parametrize("tolerance", [-1, math.nan])
def test_a_tolerance_that_means_nothing_is_refused(tolerance: float) -> None:
    with pytest.raises(UsageError, match="tolerance"):
        compare(1, 1, tolerance=tolerance)


def test_a_class_that_a_cell_defines_again_is_the_same_class() -> None:
    def run(x: float) -> Any:
        class Local:
            def __init__(self) -> None:
                self.x = x

        return Local()

    assert compare(run(1), run(1)).equal
    assert compare(type(run(1)), type(run(1))).equal
    assert only(compare(run(1), run(2))) == ".x: values differ by 1: 1 against 2"


def test_functions_differ_by_what_they_close_over() -> None:
    def adder(n: int) -> Any:
        return lambda x: x + n

    assert compare(adder(1), adder(1)).equal
    assert "__closure__[0].cell_contents" in only(compare(adder(1), adder(2)))


def test_slots_count_and_an_empty_one_is_told() -> None:
    one, other = Slotted(), Slotted()
    one.left = other.left = 1
    assert compare(one, other).equal
    other.right = 2
    assert only(compare(one, other)) == ".right: missing in the first"


def test_what_a_derived_class_adds_counts() -> None:
    class Tagged(list):
        tag = 0

    one, other = Tagged([1]), Tagged([1])
    one.tag, other.tag = 1, 2
    assert only(compare(one, other)) == ".tag: values differ by 1: 1 against 2"


def test_sets_are_compared_as_sets() -> None:
    values = [Point(float(i), str(i)) for i in range(40)]
    assert compare(set(values), {Point(p.x, p.name) for p in values[::-1]}).equal
    assert compare({frozenset({1, 2}), frozenset()}, {frozenset(), frozenset({2, 1})}).equal
    assert not compare({frozenset({1, 2})}, {frozenset({1, 3})}).equal


def test_values_that_hold_themselves_come_to_an_end() -> None:
    def ring(x: int) -> Any:
        held: dict[str, Any] = {"x": x}
        held["self"] = [held]
        return held

    assert compare(ring(1), ring(1)).equal
    assert only(compare(ring(1), ring(2))) == "['x']: values differ by 1: 1 against 2"
    assert [path for path, _ in leaves(ring(1))] == ["['x']"]


def test_a_graph_with_very_many_paths_is_walked_once() -> None:
    def ladder(bottom: int) -> Any:
        rung: Any = [bottom]
        for _ in range(100):
            rung = [rung, rung]
        return rung

    assert compare(ladder(1), ladder(1)).equal
    assert compare(ladder(1), ladder(2)).differing == 1


def test_ten_thousand_levels_are_no_matter() -> None:
    def well(bottom: int) -> Any:
        for depth in range(10_000):
            bottom = [bottom] if depth % 2 else {"k": bottom}
        return bottom

    assert compare(well(1), well(1)).equal
    (difference,) = compare(well(1), well(2)).differences
    assert difference.path == "[0]['k']" * 5_000
    assert len(str(difference)) < 300


@pytest.mark.parametrize(
    "make",
    [
        lambda: (x for x in ()),
        lambda: iter([1]),
        threading.Lock,
        lambda: map(abs, [1]),
        itertools.count,
    ],
)
def test_what_cannot_be_compared_is_told(make: Any) -> None:
    comparison = compare({"a": 1, "b": make()}, {"a": 1, "b": make()})
    assert comparison.equal
    assert list(comparison.uncomparable) == ["['b']"]
    assert comparison.compared == 1
    assert "['b']: not compared" in str(comparison)


def test_the_same_opaque_object_on_both_sides_is_equal() -> None:
    lock = threading.Lock()
    comparison = compare([lock], [lock])
    assert comparison.equal
    assert not comparison.uncomparable


class Hostile:
    """Raises or lies wherever a comparison could touch it."""

    def __init__(self, x: int) -> None:
        object.__setattr__(self, "x", x)

    def trap(self, *_: Any) -> Any:
        """Fail the test."""
        pytest.fail("a user's method ran")

    __eq__ = __getattr__ = __getattribute__ = __iter__ = __len__ = __repr__ = __bool__ = trap
    __hash__ = __reduce_ex__ = __deepcopy__ = __float__ = __int__ = __array__ = trap


def test_no_method_of_a_users_class_runs() -> None:
    assert compare([Hostile(1)], [Hostile(1)]).equal
    assert only(compare([Hostile(1)], [Hostile(2)])) == "[0].x: values differ by 1: 1 against 2"


def test_overridden_methods_of_derived_builtins_do_not_run() -> None:
    class Liar(dict):
        __iter__ = items = keys = __getitem__ = __len__ = __eq__ = Hostile.trap
        __hash__ = None

    class Number(float):
        __eq__ = __float__ = __sub__ = __repr__ = Hostile.trap
        __hash__ = None

    assert compare(Liar(a=Number(1)), Liar(a=Number(1))).equal
    assert only(compare(Liar(a=Number(1)), Liar(a=Number(2)))).startswith("['a']: values differ")


def test_a_class_that_raises_when_it_is_asked_is_told_with_why() -> None:
    class Broken(BaseException):
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise ValueError("no copy of me")

    comparison = compare(Broken(), Broken())
    assert comparison.uncomparable == {"": "ValueError when it was read: no copy of me"}


def test_long_lists_of_differences_are_cut_and_counted() -> None:
    comparison = compare(list(range(500)), list(range(1, 501)))
    assert len(comparison.differences) == MOST_TOLD
    assert comparison.differing == 500
    assert str(comparison).endswith("and 400 more")


def test_comparing_draws_no_random_numbers() -> None:
    random.seed(0)
    before = random.getstate()
    compare([random.Random(1), {1, 2}], [random.Random(1), {1, 2}])
    assert random.getstate() == before


def test_leaves_have_paths_in_pythons_syntax() -> None:
    value = {"loss": [0.5], "point": Point(1.0, "p"), "none": (), 3: {"deep": b"x"}}
    assert list(leaves(value)) == [
        ("['loss'][0]", 0.5),
        ("['point'].x", 1.0),
        ("['point'].name", "p"),
        ("['none']", ()),
        ("[3]['deep']", b"x"),
    ]
    for path, leaf in leaves(value):
        assert eval(f"value{path}") is leaf
