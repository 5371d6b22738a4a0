"""Deep copies of variables: aliases stay, what cannot be copied is named, and nothing leaves a trace."""

import threading
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
        (
            lambda: torch.ones(1, requires_grad=True) * 2,
            "Only Tensors created explicitly by the user",
        ),
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
    try:
        copies = Copies.of({"ax": axes, "x": 1})
        assert plt.get_fignums() == [figure.number]
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
