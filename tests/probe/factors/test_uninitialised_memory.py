"""Memory that nobody has written to: filled, noted with its line, and otherwise made as ever."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.memory_fill import MemoryFill
from repro_nb.probe.factors.uninitialised_memory import _FILLS, UninitialisedMemory
from repro_nb.rerun.vary import pinned

PINNED, *OTHERS = _FILLS
CELLS = (
    "import numpy as np, torch, os\nimport numpy as number_library\nfrom numpy import empty as blank",
    (
        "print(np.empty(3), number_library.empty(2, int), blank(2, bool))\n"
        "print(np.empty_like([1.0]), np.empty(1, 'U3'))\n"
        "print(np.empty(2, [('a', 'f4'), ('b', bool)]), np.empty((2, 2), np.complex64, order='F'))"
    ),
    "print(np.ndarray(400)[:2])",
    (
        "print(torch.empty(3), torch.empty(2, dtype=torch.bool), torch.empty_like(torch.ones(2)))\n"
        "print(torch.ones(1).new_empty(2), torch.empty_strided((2,), (2,)), torch.Tensor(2))"
    ),
    "print(np.empty(2, object), np.zeros(2), np.empty(0), os.environ.get('MALLOC_PERTURB_'))",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the memory alone is another."""
    plans = (pinned(), pinned(), pinned({"uninitialised-memory": 0}))
    return [rerun_once(*CELLS, plan=plan) for plan in plans]


def test_a_pinned_notebook_finds_the_same_in_new_memory(runs):
    first, second, _ = runs
    assert first.texts == second.texts


def test_other_memory_shows_wherever_it_is_read(runs):
    """Through numpy, torch and the C library; what has content by itself keeps it."""
    first, _, other = runs
    pairs = zip(first.texts[1:], other.texts[1:], strict=True)
    assert [ours == theirs for ours, theirs in pairs] == [False, False, False, True]
    assert "None" in first.texts[4]


def test_each_array_is_noted_with_its_line(runs):
    told = {(call, cell, line) for call, cell, line, _ in runs[0].told("uninitialised-memory")}
    assert {
        ("numpy.empty", "cell-1", 1),
        ("numpy.empty_like", "cell-1", 2),
        ("torch.empty", "cell-3", 1),
        ("torch.empty_like", "cell-3", 1),
        ("Tensor.new_empty", "cell-3", 2),
        ("torch.empty_strided", "cell-3", 2),
    } <= told


def test_compilers_and_transformations_take_the_functions_as_ever(rerun):
    """numba, JAX, torch's compiler, scripts, traces, fake tensors and devices: signatures, pickles and copies, too."""
    run = rerun(
        "import copy, inspect, pickle\nimport jax, numba, numpy as np, torch\nfrom torch.fx import symbolic_trace",
        "@numba.njit\ndef total(n):\n    a = np.empty(n)\n    for i in range(n):\n"
        "        a[i] = i\n    return a.sum()\nassert total(4) == 6",
        "assert jax.jit(lambda x: x + np.empty(2) * 0)(np.ones(2)).tolist() == [1, 1]",
        "def add(x):\n    return torch.empty(3).zero_() + torch.empty_like(x).zero_() + x\none = torch.ones(3)\n"
        "assert torch.compile(add, backend='eager', fullgraph=True)(one).tolist() == [1, 1, 1]\n"
        "assert torch.jit.trace(add, one)(one).tolist() == [1, 1, 1]\n"
        "assert symbolic_trace(add)(one).tolist() == [1, 1, 1]\n"
        "assert torch.func.vmap(add)(torch.ones(2, 3)).sum() == 6",
        "@torch.jit.script\ndef scripted(x: torch.Tensor):\n    return torch.empty(3).zero_() + x\n"
        "assert scripted(one).tolist() == [1, 1, 1]",
        "with torch.device('meta'):\n    assert torch.empty(3).device.type == 'meta'\n"
        "kept = torch.zeros(4)\ntorch.empty(2, out=kept[:2])\nassert kept.tolist() == [0] * 4",
        "for call in (np.empty, np.empty_like, torch.empty):\n"
        "    assert pickle.loads(pickle.dumps(call)) is call is copy.deepcopy(call)\n"
        "assert 'like=None' in str(inspect.signature(np.empty))\nassert np.empty(2, like=np.ones(1)).shape == (2,)",
    )
    assert not any(run.texts)


def filled(fill: MemoryFill, array):
    """The array's values after it was filled."""
    fill.fill_array(np, array)
    return array


plain = arrays.boolean_dtypes() | arrays.integer_dtypes() | arrays.floating_dtypes()
typed = plain | arrays.complex_number_dtypes() | arrays.unicode_string_dtypes(min_len=1)


@given(typed, arrays.array_shapes(max_side=4), st.sampled_from("CF"))
def test_values_of_every_type_differ_between_fills_and_equal_themselves(dtype, shape, order):
    """None is NaN, which would equal nothing."""
    first, again, *others = (
        filled(fill, np.empty(shape, dtype, order=order)) for fill in (PINNED, *_FILLS)
    )
    assert (first == again).all()
    assert all((first != other).all() for other in others)


@given(arrays.array_dtypes(subtype_strategy=plain), st.integers(1, 4))
def test_each_field_of_a_record_is_filled(dtype, size):
    first, other = (filled(fill, np.zeros(size, dtype)) for fill in _FILLS[:2])
    names = dtype.names or ()
    assert all((first[name] != other[name]).all() for name in names)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8, torch.bool])
def test_tensors_of_every_type_differ_between_fills(dtype):
    tensors = [torch.zeros(5, dtype=dtype) for _ in range(2)]
    for fill, tensor in zip(_FILLS, tensors, strict=False):
        fill.fill_tensor(torch, tensor)
    assert (tensors[0] != tensors[1]).all()
    assert (tensors[0] == tensors[0]).all()


def test_objects_are_never_filled():
    """A byte pattern is no object, and would end the process."""
    assert filled(PINNED, np.empty(2, object)).tolist() == [None, None]


@pytest.mark.parametrize(
    ("source", "active"),
    [
        ("a = np.ndarray((2, 3))", True),
        ("t = torch.FloatTensor(3)", True),
        ("a = np.ones(3)", False),
    ],
)
def test_it_is_tried_where_the_text_makes_such_an_array(source, active):
    assert UninitialisedMemory().is_active(Traces((), (source,))) is active


def test_the_advice_names_what_has_zeros():
    assert "torch.zeros" in UninitialisedMemory().remedy("torch.empty(3)")
    assert "np.zeros" in UninitialisedMemory().remedy("")
