"""Deep copies of variables: aliases stay, what cannot be copied is named, and nothing leaves a trace."""

import functools
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.values import Copies, compare

VALUES = st.recursive(
    st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.tuples(inner, inner)
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_each_fresh_copy_equals_the_original(variables: dict[str, Any]) -> None:
    copies = Copies.of(variables)
    assert not copies.uncopied
    assert compare(copies.fresh(), variables).equal


def test_a_change_to_one_copy_shows_in_no_other() -> None:
    variables = {"x": [1], "w": np.zeros(2)}
    copies = Copies.of(variables)
    variables["x"].append(2)
    changed = copies.fresh()
    changed["x"].append(3)
    changed["w"] += 1
    assert copies.fresh()["x"] == [1]
    assert not copies.fresh()["w"].any()


def test_what_was_one_object_stays_one() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    fresh = Copies.of({"w": weight, "optimizer": torch.optim.SGD([weight], 0.1)}).fresh()
    assert fresh["w"] is fresh["optimizer"].param_groups[0]["params"][0]
    assert fresh["w"] is not weight


class Raising:
    """Cannot be copied, and says so."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise ValueError("not me\nnor mine")


class SilentError(Exception):
    """Cannot even be printed."""

    def __str__(self) -> str:
        raise RuntimeError


class Mute:
    """Cannot be copied, and does not say why."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise SilentError


def nested() -> Any:
    well: list[Any] = []
    for _ in range(10_000):
        well = [well]
    return well


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: [Raising()], "not me"),
        (Mute, "SilentError from Mute"),
        (threading.Lock, "cannot pickle '_thread.lock' object"),
        (lambda: (x for x in ()), "cannot pickle 'generator' object"),
        (nested, "it is nested too deeply"),
        (lambda: torch.ones(1, requires_grad=True) * 2, "it is part of an autograd graph"),
    ],
)
def test_what_cannot_be_copied_is_named_with_why(make: Any, why: str) -> None:
    copies = Copies.of({"bad": make(), "good": [1]})
    assert copies.uncopied["bad"].startswith(why)
    assert copies.fresh() == {"good": [1]}


def test_a_copy_that_broke_off_leaves_no_half_object_behind() -> None:
    shared = [1, 2]
    copies = Copies.of({"bad": [shared, Raising()], "good": shared})
    assert copies.fresh() == {"good": [1, 2]}


def test_half_copied_containers_are_not_handed_to_the_next_variable() -> None:
    ring: list[Any] = [1]
    ring += [Raising(), 2]
    assert set(Copies.of({"ring": ring, "holder": [ring]}).uncopied) == {"ring", "holder"}


def test_modules_classes_and_functions_are_shared() -> None:
    class Holder:
        library = np

    holder = Holder()
    holder.np = np
    fresh = Copies.of({"np": np, "holder": holder, "f": nested, "C": Holder}).fresh()
    assert fresh["np"] is np
    assert fresh["holder"].np is np
    assert (fresh["f"], fresh["C"]) == (nested, Holder)


def test_a_figure_that_pyplot_shows_is_not_shown_twice() -> None:
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    shown = plt.get_fignums()
    try:
        copies = Copies.of({"ax": axes, "x": 1})
        assert plt.get_fignums() == shown
        assert "pyplot" in copies.uncopied["ax"]
    finally:
        plt.close(figure)


def test_generators_are_copied_where_they_are_and_none_is_drawn_from() -> None:
    rng = np.random.default_rng(0)
    before = torch.get_rng_state()
    fresh = Copies.of({"rng": rng, "layer": torch.nn.Linear(2, 2)}).fresh()
    assert compare(fresh["rng"], rng).equal
    drawn = fresh["rng"].random()
    assert drawn == rng.random()
    assert not torch.equal(before, torch.get_rng_state())  # the layer's own draw
    state = torch.get_rng_state()
    Copies.of({"layer": fresh["layer"]}).fresh()
    assert torch.equal(torch.get_rng_state(), state)


def test_parameters_keep_gradients_and_what_the_user_added() -> None:
    """`copy.deepcopy` alone drops both."""
    net = torch.nn.Linear(2, 1)
    net(torch.ones(1, 2)).sum().backward()
    net.weight.note = ["mine"]
    fresh = Copies.of({"net": net, "grad": net.weight.grad}).fresh()
    assert compare(net, fresh["net"]).equal
    assert fresh["net"].weight.grad is fresh["grad"]
    assert fresh["grad"] is not net.weight.grad
    assert fresh["net"].weight.note == ["mine"]


def training_of(variables: dict[str, Any]) -> None:
    variables["optimizer"].zero_grad()
    variables["net"](torch.ones(1, 2)).sum().backward()
    variables["optimizer"].step()
    variables["scheduler"].step()


def test_a_copied_scheduler_sees_the_steps_of_the_copied_optimizer() -> None:
    """Torch warns of steps in the wrong order where it does not, and hooks go on being called."""
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(net.parameters())
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    calls: list[Any] = []
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    copies = Copies.of({"net": net, "optimizer": optimizer, "scheduler": scheduler})
    before = net.weight.clone()
    for _ in range(2):
        training_of(copies.fresh())  # a warning is an error here
    assert torch.equal(net.weight, before)
    assert calls == [1, 1]
    assert not hasattr(optimizer, "_opt_called")
    assert copies.fresh()["optimizer"].step.__name__ == "step"


class Counter:
    """Has what its instances hold bound to them in several ways."""

    def __init__(self) -> None:
        self.count = 0
        bound, me = self.add, weakref.ref(self)
        self.method = self.add
        self.wrapped = functools.wraps(bound)(lambda times=1: bound(times))
        self.closed = lambda: setattr(self, "count", self.count + 1)
        self.weak = lambda: me().add()  # type: ignore[union-attr] # it is there

    def add(self, times: int = 1) -> None:
        """Count up."""
        self.count += times


@pytest.mark.parametrize("name", ["method", "wrapped", "closed", "weak"])
def test_functions_that_an_object_binds_to_itself_act_on_the_copy(name: str) -> None:
    """A copy of `self.wrapped = wraps(self.add)(…)` counts for the copy, and so does a copy of that."""
    counter = Counter()
    fresh = Copies.of({"counter": counter}).fresh()["counter"]
    getattr(fresh, name)()
    assert (counter.count, fresh.count) == (0, 1)
    assert getattr(fresh, name).__name__ == getattr(counter, name).__name__


def test_views_of_one_array_stay_views_of_one_array() -> None:
    """What is written through one name is read through the others, in every copy, and in no original."""
    whole = np.zeros((3, 4))
    variables = {"row": whole[1], "back": whole[:, ::-1], "bits": whole.view(np.uint64), "w": whole}
    fresh = Copies.of(variables).fresh()
    fresh["w"][1, 3] = 1.0
    assert fresh["row"][3] == fresh["back"][1, 0] == 1.0
    assert fresh["bits"][1, 3] == 0x3FF0000000000000
    assert not whole.any()
    assert compare(Copies.of(variables).fresh(), variables).equal


def test_views_of_an_array_that_no_variable_holds_share_memory() -> None:
    """The two ends overlap, and are alone in the mapping; what nobody may write is copied as it is."""
    whole = np.arange(9)
    fresh = Copies.of({"head": whole[:6], "tail": whole[3:]}).fresh()
    fresh["head"][5] = -1
    assert fresh["tail"][2] == -1
    frozen = np.broadcast_to(whole, (2, 9))
    assert not Copies.of({"frozen": [frozen, frozen[:]]}).uncopied


@pytest.mark.parametrize("parameter", [False, True])
def test_tensors_and_arrays_over_one_memory_stay_so(parameter: bool) -> None:
    """`tensor.numpy()` and `torch.from_numpy(array)`, parameters and their data too."""
    tensor = torch.zeros(4)
    array = np.zeros(3)
    variables = {
        "tensor": torch.nn.Parameter(tensor) if parameter else tensor,
        "part": tensor[1:],
        "exported": tensor.numpy(),
        "array": array,
        "imported": torch.from_numpy(array),
    }
    fresh = Copies.of(Copies.of(variables).fresh()).fresh()
    fresh["exported"][1] = 5
    fresh["imported"][2] = 7
    assert (fresh["tensor"][1].item(), fresh["part"][0].item(), fresh["array"][2]) == (5, 5, 7)
    assert not tensor.any()
    assert not array.any()
    assert type(fresh["tensor"]) is type(variables["tensor"])


def test_a_parameter_and_its_data_share_memory() -> None:
    """Torch's own copy of a parameter has memory of its own."""
    weight = torch.nn.Parameter(torch.zeros(2))
    fresh = Copies.of({"weight": weight, "alias": weight.data}).fresh()
    fresh["alias"][0] = 3
    assert fresh["weight"][0].item() == 3


def test_memory_that_copies_cannot_share_is_named() -> None:
    """Arrays of objects and of derived classes are not laid over one another again."""
    objects = np.array([[], 1], dtype=object)
    copies = Copies.of({"objects": objects, "view": objects[:], "x": [1]})
    assert copies.uncopied == {
        "objects": "it shares memory with view, which copies would not",
        "view": "it shares memory with objects, which copies would not",
    }
    assert copies.fresh() == {"x": [1]}
    both = Copies.of({"both": [objects, objects[:]]}).uncopied
    assert both == {"both": "parts of it share memory, which copies would not"}


class Node:
    """A tree whose nodes know their parents weakly."""

    def __init__(self, parent: Any = None) -> None:
        self.parent = parent and weakref.ref(parent)
        self.children: list[Any] = []
        self.refs: list[Any] = []
        self.by_name: Any = weakref.WeakValueDictionary()
        self.weights: Any = weakref.WeakKeyDictionary()
        self.marked: Any = weakref.WeakSet()


def test_weak_references_lead_to_the_copies() -> None:
    """A parent, and what weak containers hold, are those of the copied tree."""
    root = Node()
    child = Node(root)
    root.children.append(child)
    root.refs.append(weakref.ref(child))
    root.by_name["c"] = root.weights[child] = child
    root.marked.add(child)
    fresh = Copies.of({"root": root}).fresh()["root"]
    (made,) = fresh.children
    assert made is not child
    assert made.parent() is fresh
    assert fresh.refs[0]() is fresh.by_name["c"] is fresh.weights[made] is made
    assert list(fresh.marked) == [made]
    assert list(root.marked) == [child]


def test_weak_references_to_what_is_not_copied_stay() -> None:
    """The object outside is the same for all copies, and is not copied for a weak set."""
    outside, root = Node(), Node()
    root.parent = weakref.ref(outside)
    root.marked.add(outside)
    fresh = Copies.of({"root": root}).fresh()["root"]
    assert fresh.parent() is outside
    assert list(fresh.marked) == [outside]


def test_what_runs_in_threads_is_no_difference() -> None:
    """Executors and threads are numbered by the process; they cannot be compared."""
    for make in (ThreadPoolExecutor, threading.Thread):
        comparison = compare([make()], [make()])
        assert comparison.equal
        assert list(comparison.uncomparable) == ["[0]"]
