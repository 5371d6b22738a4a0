"""Which cells depend on which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.rerun.dataflow import depends_on, depends_on_all, first_binding, statements_of


def direct(*sources):
    """What each cell depends on directly, as sorted lists."""
    return [sorted(found) for found in depends_on(sources)]


def test_a_cell_depends_on_the_latest_cell_that_binds_a_name_it_uses():
    assert direct("x = 1", "x = 2", "x") == [[], [], [1]]


@pytest.mark.parametrize(
    "change", ["x.append(3)", "x[0] = 3", "x.shape = 3", "x += [3]", "shuffle(x)", "del x[0]"]
)
def test_a_cell_that_changes_an_object_comes_between_its_maker_and_its_user(change):
    assert direct("x = []", change, "print(x)") == [[], [0], [0, 1]]


def test_a_function_brings_what_it_reads_when_it_is_called():
    sources = ("def f(n):\n    return g(n) + K", "def g(n):\n    return n", "K = 3", "f(1)")
    assert direct(*sources)[3] == [0, 1, 2]


def test_names_that_belong_to_a_function_are_nobody_elses():
    sources = ("n = 1", "def f(n):\n    m = n\n    return [k for k in m]", "f(2)")
    assert direct(*sources) == [[], [], [1]]


def test_a_method_of_a_module_changes_no_module():
    assert direct("import math", "math.sqrt(4)", "math.pi") == [[], [0], [0]]


def test_a_loop_may_leave_a_name_as_it_was():
    assert direct("x = 0", "for x in rows:\n    pass", "x") == [[], [], [0, 1]]


@pytest.mark.parametrize("timed", ["%time print(x)", "%%time\nprint(x)", "y = x\n!ls {y}"])
def test_magics_use_what_their_python_uses(timed):
    assert direct("x = 1", timed) == [[], [0]]


def test_a_cell_that_is_no_python_depends_on_all_before_it():
    assert direct("x = 1", "y = 2", "print x") == [[], [], [0, 1]]


def test_dependence_goes_through_cells_between():
    assert depends_on_all(["a = 1", "b = a", "c = b", "d = 0"])[2:] == ({0, 1}, frozenset())


def test_the_first_cell_that_binds_a_name_is_found_whatever_binds_it():
    sources = ["print(a)", "with open('f') as a:\n    pass", "a = 1"]
    assert first_binding(sources, "a") == 1
    assert first_binding(sources, "b") is None


def test_lines_of_a_timed_statement_are_those_of_the_cell():
    (first, second) = statements_of("x = 1\n%time y = x") or ()
    assert (first.node.lineno, second.node.lineno, second.binds) == (1, 2, {"y"})


@given(st.lists(st.sampled_from(["a = 1", "b = a", "a += 1", "print(b)", "c = a, b"]), max_size=8))
def test_cells_depend_on_earlier_ones_alone(sources):
    for index, found in enumerate(depends_on_all(sources)):
        assert all(earlier < index for earlier in found)
