"""Comparing arrays, tensors, frames and pictures of the real libraries, to the bit."""

import copy
import subprocess
import sys
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pandas as pd
import PIL.Image
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from repro_nb.values import Comparison, Difference, compare, leaves

NUMPY_TYPES = [
    *("f2", "f4", "f8", "g", "F", "D", "G", ">f4", ">c8", "?", "S3", "U3", "V5", "M8[s]", "m8[ns]"),
    *("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i8"),
    *("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4"),
]
TORCH_TYPES = [
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64),
    *(torch.complex128, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2),
    *(torch.float8_e4m3fnuz, torch.float8_e5m2fnuz),
]


def only(comparison: Comparison) -> Difference:
    """The one difference."""
    (difference,) = comparison.differences
    assert not comparison.uncomparable
    return difference


def array_of(name: str, last: int) -> Any:
    numbers = np.array([[0, 1, 2], [3, 4, last]])
    if name == "V5":
        return np.array([bytes([n] * 5) for n in numbers.flat], "V5").reshape(2, 3)
    return numbers.astype(getattr(ml_dtypes, name, name))


@pytest.mark.parametrize("name", NUMPY_TYPES)
def test_numpy_arrays_of_every_type_are_compared_by_their_bits(name: str) -> None:
    one, other = array_of(name, 5), array_of(name, 0)
    assert compare(one, one.copy()).equal
    difference = only(compare(one, other))
    assert (difference.count, difference.size, difference.first_index) == (1, 6, (1, 2))
    assert only(compare(one.T, other.T)).first_index == (2, 1)
    assert only(compare(one[::-1, ::-1], other[::-1, ::-1])).first_index == (0, 0)


@given(st.data(), hnp.arrays(hnp.floating_dtypes() | hnp.integer_dtypes(), hnp.array_shapes()))
def test_a_flipped_bit_is_found_at_its_index(data: st.DataObject, array: Any) -> None:
    changed = np.ascontiguousarray(array).copy()
    at = data.draw(st.integers(0, changed.nbytes - 1))
    if array.dtype.char == "g" and at % array.itemsize >= 10:
        return  # these bytes pad a long double
    changed.reshape(-1).view("u1")[at] ^= 1 << data.draw(st.integers(0, 7))
    assert compare(array, array.copy(order="F")).equal
    difference = only(compare({"w": array}, {"w": changed}))
    assert difference.path == "['w']"
    assert difference.first_index == np.unravel_index(at // array.itemsize, array.shape)


@given(hnp.arrays("f4", 5), hnp.arrays("f4", 5), st.floats(0, 10))
def test_within_a_tolerance_means_what_isclose_means(
    one: Any, other: Any, tolerance: float
) -> None:
    with np.errstate(all="ignore"):
        wide = one.astype("f8"), other.astype("f8")
        close = np.isclose(*wide, rtol=0, atol=tolerance, equal_nan=True)
    if tolerance:
        assert compare(one, other, tolerance=tolerance).equal == close.all()
        tensors = torch.from_numpy(one), torch.from_numpy(other)
        assert compare(*tensors, tolerance=tolerance).equal == close.all()


def test_a_difference_says_how_many_by_how_much_and_where() -> None:
    one = np.linspace(0.1, 1, 10, dtype="f4")
    other = one.copy()
    other[[4, 7, 8]] = np.nextafter(other[[4, 7, 8]], np.float32(2))
    assert str(only(compare({"loss": one}, {"loss": other}))) == (
        "['loss']: 3 of 10 elements differ, at most 6e-08 (1 ulp), first at [4]: "
        "0.5 against 0.50000006"
    )


def test_long_arrays_are_measured_over_all_their_chunks() -> None:
    one = np.zeros(1_000_003, "f4")
    other = one.copy()
    other[[300_000, 999_999]] = 1e-7, 2e-7
    difference = only(compare(one, other))
    assert (difference.count, difference.first_index) == (2, (300_000,))
    assert difference.max_abs == float(np.float32(2e-7))
    assert only(compare(torch.from_numpy(one), torch.from_numpy(other))) == difference


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_zeros_have_signs_and_nan_differs_from_numbers(make: Any) -> None:
    assert only(compare(make([0.0]), make([-0.0]))).max_abs == 0
    assert compare(make([float("nan")]), make([float("nan")])).equal
    assert "NaN on one side" in str(only(compare(make([float("nan"), 1]), make([0.0, 1]))))


def test_integers_are_measured_exactly_where_doubles_would_round() -> None:
    for name, low, high in [("u8", 2**63 - 1, 2**63), ("i8", 2**62, 2**62 + 1)]:
        assert only(compare(np.array([low], name), np.array([high], name))).max_abs == 1


def test_the_largest_distance_of_doubles_is_not_wrapped_around() -> None:
    (difference,) = compare(np.array([-np.inf, 0]), np.array([np.inf, 0])).differences
    assert difference.ulps == 2 * 0x7FF0000000000000 + 1


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (np.zeros(3, "f4"), np.zeros(3), "the value: dtype float32 against float64"),
        (np.zeros(3), np.zeros(4), "the value: shape (3,) against (4,)"),
        (np.zeros(3), np.zeros((3, 1)), "the value: shape (3,) against (3, 1)"),
        (np.zeros(()), np.float64(0), "the value: type numpy.ndarray against numpy.float64"),
        (np.float64(0), 0.0, "the value: type numpy.float64 against float"),
        (torch.zeros(2), torch.zeros(2).half(), "the value: dtype float32 against float16"),
        (torch.zeros(2), torch.zeros(3), "the value: shape (2,) against (3,)"),
        (torch.zeros(2), torch.zeros(2).to_sparse(), "the value: layout torch.strided against torch.sparse_coo"),
        (jnp.zeros(2), jnp.zeros(2, "int32"), "the value: dtype float32 against int32"),
    ],
)  # fmt: skip
def test_types_shapes_and_dtypes_always_count(one: Any, other: Any, told: str) -> None:
    assert str(only(compare(one, other, tolerance=1))) == told


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_arrays_of_no_dimension_or_no_elements_are_leaves(shape: tuple[int, ...]) -> None:
    assert compare(np.zeros(shape), np.zeros(shape)).compared == 1
    assert compare(torch.zeros(shape), torch.zeros(shape)).compared == 1


def test_objects_and_fields_in_arrays_have_paths_of_their_own() -> None:
    objects = np.array([[1, "a"], [None, [2.0]]], object)
    changed = copy.deepcopy(objects)
    changed[1, 1][0] = 3.0
    assert only(compare(objects, changed)).path == "[1, 1][0]"
    table = np.zeros(3, [("x", "f4"), ("y", "i4", 2)])
    other = table.copy()
    other["y"][1, 1] = 7
    assert only(compare(table, other)).path == "['y']"


def test_what_a_mask_hides_is_no_part_of_the_value() -> None:
    one, other = (np.ma.masked_array([1, x], mask=[False, True]) for x in (2, 3))
    assert compare(one, other).equal
    other.mask = False
    assert compare(one, other).differing


@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
def test_tensors_of_every_type_are_compared_by_their_bits(dtype: torch.dtype) -> None:
    one, other = (torch.tensor([[0, 1.0, 2], [1, 0, x]]).to(dtype) for x in (1, 0))
    assert compare(one, one.clone()).equal
    difference = only(compare(one, other))
    assert (difference.count, difference.size, difference.first_index) == (1, 6, (1, 2))
    assert only(compare(one.T, other.T)).first_index == (2, 1)


@pytest.mark.parametrize("values", [[1.0, 2**-20, 1 / 3], [float("inf"), 1e-30, 5.0]])
def test_torch_and_numpy_measure_alike(values: list[float]) -> None:
    one = np.array(values, "f4")
    other = np.array([values[0], *(x * 1.001 for x in values[1:])], "f4")
    assert only(compare(torch.tensor(one), torch.tensor(other))) == only(compare(one, other))


def test_where_a_tensor_is_in_the_graph_is_no_part_of_its_value() -> None:
    leaf = torch.ones(3, requires_grad=True)
    assert compare(leaf * 2, torch.full((3,), 2.0)).equal
    mixed = torch.full((3,), 1 + 1j)
    assert compare(mixed.conj(), torch.full((3,), 1 - 1j)).equal


def test_gradients_are_part_of_the_value() -> None:
    one, other = (torch.ones(3, requires_grad=True) for _ in range(2))
    (one * 2).sum().backward()
    assert only(compare(one, other)).reason == "missing in the second"
    (other * 3).sum().backward()
    assert only(compare(one, other)).path == ".grad"


def sparse(layout: torch.layout, value: float) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls these layouts beta
        dense = torch.tensor([[0, value], [3.0, 0]])
        blocks = {"blocksize": (1, 1)} if "bs" in str(layout) else {}
        return dense.to_sparse(layout=layout, **blocks)


@pytest.mark.parametrize(
    "layout",
    [torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc],
    ids=str,
)
def test_sparse_tensors_are_compared_as_they_are_stored(layout: torch.layout) -> None:
    assert compare(sparse(layout, 1), sparse(layout, 1)).equal
    assert "values()" in only(compare(sparse(layout, 1), sparse(layout, 2))).path
    assert only(compare(sparse(layout, 1), sparse(layout, 1).to_dense())).reason.startswith(
        "layout"
    )


def test_quantised_and_nested_tensors_are_compared() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls them prototypes, or on their way out
        one, other = (
            torch.quantize_per_tensor(torch.tensor([x]), 0.1, 0, torch.qint8) for x in (1.0, 1.5)
        )
        assert compare(one, one.clone()).equal
        assert only(compare(one, other)).path == ".int_repr()"
        nested = [torch.nested.nested_tensor([torch.zeros(2), torch.ones(x)]) for x in (3, 4)]
        assert compare(nested[0], nested[0].clone()).equal
        assert only(compare(*nested)).path == "[1]"


def test_modules_are_compared_by_all_that_they_hold() -> None:
    def model(dropout: float = 0.5) -> Any:
        torch.manual_seed(0)
        layers = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(dropout))
        return torch.nn.ModuleDict({"body": layers, "memory": torch.nn.LSTM(2, 2)})

    one, other = model(), model()
    assert compare(one, other).equal
    assert not compare(one, other).uncomparable
    with torch.no_grad():
        other["body"][0].weight[1, 0] += 1
    assert only(compare(one, other)).path == ".body[0].weight"
    assert only(compare(model(), model(0.25))).path == ".body[1].p"
    assert only(compare(model()["body"][1], model().eval()["body"][1])).path == ".training"


def test_an_optimizer_is_compared_by_its_state() -> None:
    def trained(rate: float) -> Any:
        weight = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([weight], lr=rate)
        weight.sum().backward()
        optimizer.step()
        return optimizer

    assert compare(trained(0.1), trained(0.1)).equal
    assert ".state_dict()['param_groups'][0]['lr']" in str(compare(trained(0.1), trained(0.2)))


def test_a_users_tensor_class_gets_no_call() -> None:
    class Mine(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *_: Any, **__: Any) -> Any:
            pytest.fail("a user's code ran")

    with torch._C.DisableTorchFunctionSubclass():
        one, other = (torch.tensor([1.0, x]).as_subclass(Mine) for x in (2, 3))
    assert only(compare([one], [other])).first_index == (1,)


def test_jax_arrays_keys_and_trees_are_compared() -> None:
    class Node:
        def __init__(self, held: Any, name: str) -> None:
            self.held, self.name, self.cache = held, name, object()

    jax.tree_util.register_pytree_with_keys(
        Node,
        lambda node: (((jax.tree_util.GetAttrKey("held"), node.held),), node.name),
        lambda name, held: Node(held[0], name),
    )
    one = {"w": jnp.arange(3.0), "key": jax.random.key(0), "node": Node(jnp.ones(2), "n")}
    assert compare(one, copy.deepcopy(one)).equal
    assert only(compare(one, {**one, "w": jnp.array([0, 2.0, 2])})).path == "['w']"
    assert only(compare(one, {**one, "key": jax.random.key(1)})).path == "['key'].key_data"
    assert only(compare(one, {**one, "node": Node(jnp.zeros(2), "n")})).path == "['node'].held"
    assert only(compare(one, {**one, "node": Node(jnp.ones(2), "m")})).path == "['node']<static>"
    assert compare(jnp.ones(2, jnp.bfloat16), jnp.ones(2, jnp.bfloat16)).equal


def test_a_jax_array_that_was_given_away_cannot_be_compared() -> None:
    gone = jnp.ones(3)
    gone.delete()
    comparison = compare([gone], [jnp.ones(3)])
    assert "deleted" in comparison.uncomparable["[0]"]


FRAME = {
    "a": [1, 2],
    "b": ["x", "y"],
    "c": [1.5, None],
    "d": pd.Categorical(["u", "v"]),
    "e": pd.to_datetime(["2020", "2021"]),
    "f": pd.array([1, None], dtype="Int64"),
    "g": pd.array([True, None], dtype="boolean"),
    "h": pd.to_datetime(["2020", "2021"]).tz_localize("UTC"),
    "j": pd.period_range("2020", periods=2, freq="D"),
    "k": [{"z": 1}, None],
    "m": pd.to_timedelta([1, 2], unit="s"),
}


@pytest.mark.parametrize(
    ("column", "value", "path"),
    [
        *(("a", 5, "['a']"), ("b", "z", "['b'][0]"), ("c", 2.5, "['c']"), ("d", "v", "['d'].codes")),
        *(("e", pd.Timestamp("2022"), "['e']"), ("f", 3, "['f']"), ("g", False, "['g']")),
        *(("h", pd.Timestamp("2022", tz="UTC"), "['h']"), ("m", pd.Timedelta("5s"), "['m']")),
        *(("j", pd.Period("2022", freq="D"), "['j'].asi8"), ("k", 1, "['k'][0]")),
    ],
)  # fmt: skip
def test_columns_of_every_type_are_compared(column: str, value: Any, path: str) -> None:
    one, other = pd.DataFrame(FRAME), pd.DataFrame(copy.deepcopy(FRAME))
    assert compare(one, other).equal
    assert not compare(one, other).uncomparable
    other.loc[0, column] = value
    assert only(compare(one, other)).path == path


def test_missing_values_equal_missing_values_and_nothing_else() -> None:
    one, other = pd.array([1, None], dtype="Int64"), pd.array([1, 0], dtype="Int64")
    assert only(compare(pd.Series(one), pd.Series(other))).path == ".array.isna()"
    assert compare([pd.NA, pd.NaT], [pd.NA, pd.NaT]).equal


def test_labels_of_frames_count() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_product([["u"], [1, 2]]))
    told = compare(frame, frame.rename(columns={"a": "b"})).differences
    assert {difference.path for difference in told} >= {"['a']", "['b']", ".columns.array[0]"}
    moved = frame.set_index(pd.MultiIndex.from_product([["u"], [1, 3]]))
    assert only(compare(frame, moved)).path == ".index.get_level_values(1).array"
    twice = [pd.DataFrame([[1, x]], columns=["a", "a"]) for x in (2, 3)]
    assert only(compare(*twice)).path == ".iloc[:, 1]"


@pytest.mark.parametrize("kind", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_scipys_sparse_arrays_are_compared_as_they_are_stored(kind: str) -> None:
    one, other = (scipy.sparse.csr_array([[0, x], [1.0, 0]]).asformat(kind) for x in (2, 3))
    assert compare(one, one.copy()).equal
    assert compare(one, other).differing == 1
    assert not compare(one, other).uncomparable


def test_pictures_are_compared_to_the_pixel() -> None:
    one = PIL.Image.new("RGB", (3, 3))
    other = one.copy()
    assert compare(one, other).equal
    other.putpixel((1, 0), (0, 9, 0))
    assert only(compare(one, other)).first_index == (4,)


def test_drawings_and_widgets_are_told_as_not_compared() -> None:
    import ipywidgets
    from matplotlib.figure import Figure

    comparison = compare([Figure(), ipywidgets.Label()], [Figure(), ipywidgets.Label()])
    assert set(comparison.uncomparable) == {"[0]", "[1]"}


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_generators_are_compared_by_what_they_would_draw(kind: str) -> None:
    one, other = (np.random.Generator(getattr(np.random, kind)(7)) for _ in range(2))
    assert compare(one, other).equal
    other.random()
    assert not compare(one, other).equal
    states = [np.random.RandomState(0), torch.Generator().manual_seed(0)]
    assert compare(states, [np.random.RandomState(0), torch.Generator().manual_seed(0)]).equal
    assert compare(states, [np.random.RandomState(1), torch.Generator().manual_seed(1)]).differing == 2  # fmt: skip


def test_a_fitted_estimator_is_compared_by_what_it_learned() -> None:
    from sklearn.ensemble import RandomForestClassifier

    def fitted(seed: int) -> Any:
        numbers = np.random.default_rng(0).random((40, 3))
        return RandomForestClassifier(2, random_state=seed).fit(numbers, numbers[:, 0] > 0.5)

    comparison = compare(fitted(0), fitted(0))
    assert comparison.equal
    assert not comparison.uncomparable
    assert ".estimators_[0].tree_" in str(compare(fitted(0), fitted(1)))


def test_comparing_draws_no_random_numbers() -> None:
    model = torch.nn.LSTM(2, 2)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    compare([model, np.random.default_rng(0)], [copy.deepcopy(model), np.random.default_rng(0)])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


@settings(max_examples=20)
@given(hnp.arrays(st.sampled_from(["f4", "i8", "c8"]), hnp.array_shapes()))
def test_an_array_is_one_leaf(array: Any) -> None:
    assert [path for path, _ in leaves({"a": [array, torch.from_numpy(array)]})] == [
        "['a'][0]",
        "['a'][1]",
    ]


def test_no_library_is_imported() -> None:
    code = (
        "import sys; from repro_nb.values import Copies, compare\n"
        "compare([{1: 2.0}], [{1: 2.0}]); Copies.of({'a': [1]}).fresh()\n"
        "print(sorted({'numpy','torch','jax','pandas','scipy','PIL','matplotlib'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_tensors_are_compared_where_numpy_is_not_loaded() -> None:
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "import torch; from repro_nb.values import compare\n"
        "one = torch.tensor([1.0, 2.0]); print(compare([one, one], [one, one * 2]))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[1]: 2 of 2 elements differ, at most 2, first at [0]: 1.0 against 2.0\n"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", TORCH_TYPES, ids=str)
def test_tensors_on_a_gpu_are_compared_there_and_with_the_host(dtype: torch.dtype) -> None:
    one, other = (torch.tensor([[0, 1.0, 2], [1, 0, x]]).to(dtype).cuda() for x in (1, 0))
    assert compare(one, one.clone()).equal
    assert compare(one, one.cpu()).equal
    assert only(compare(one, other)) == only(compare(one.cpu(), other.cpu()))
