"""What a cell's names reach: every way that generators are kept in notebooks, and no foreign code run."""

import gc
import random
import sys
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from repro_nb.rng.reach import Budget, names_in, reach

PREAMBLE = """
import collections, functools, random, types
import numpy as np
rng = np.random.default_rng(1)
hidden = np.random.default_rng(2)
def draw(n, source=np.random.default_rng(3)): return hidden.normal()
def outer():
    def deeper(): return hidden.normal()
    return deeper()
def make():
    inner = np.random.default_rng(4)
    def closed(): return inner.normal()
    return closed
closed = make()
def numbers():
    own = np.random.default_rng(5)
    while True: yield own.normal()
stream = numbers(); next(stream)
class Slotted:
    __slots__ = ("noise", "unset")
    def __init__(self): self.noise = random.Random(6)
class Base:
    shared = np.random.RandomState(7)
    @staticmethod
    def make(): return hidden.normal()
class Sim(Base):
    def __init__(self): self.own = np.random.default_rng(8)
class Names(dict): pass
sim, slotted = Sim(), Slotted()
method = rng.normal
bound = sim.__init__
part = functools.partial(draw, source=np.random.default_rng(9))
nested = {"a": [(np.random.default_rng(10),)], 3: collections.deque([random.Random(11)])}
names = Names(x=random.Random(12))
space = types.SimpleNamespace(g=random.Random(13))
alias = rng
"""

CASES = {
    "rng.normal()": {"rng"},
    "draw(1)": {"draw.<default>.source", "hidden"},
    "outer()": {"hidden"},
    "closed()": {"closed.<closure>.inner"},
    "slotted": {"slotted.noise"},
    "sim.run()": {"sim.own", "sim.shared", "hidden"},
    "Sim": {"Sim.shared", "hidden"},
    "method()": {"method.__self__"},
    "part()": {"part.func.<default>.source", "part.keywords['source']", "hidden"},
    "nested": {"nested['a'][0][0]", "nested[3][0]"},
    "names": {"names['x']"},
    "space": {"space.g"},
    "alias, rng": {"alias"},
    "%timeit rng.normal(": {"rng"},
    "np.random.rand()": set(),
    "1 + 1": set(),
}


@pytest.fixture(scope="module")
def namespace() -> dict[str, Any]:
    """Variables as a notebook would have them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(PREAMBLE, names)
    return names


@pytest.mark.parametrize("cell", CASES)
def test_a_cell_reaches_what_its_names_lead_to(cell: str, namespace: dict[str, Any]) -> None:
    found = reach(cell, namespace)
    assert set(found.sources) == CASES[cell]
    assert not found.truncated


def test_a_suspended_generator_shows_what_it_holds(namespace: dict[str, Any]) -> None:
    assert [held.kind for held in reach("stream", namespace).sources.values()] == [
        "numpy.random.Generator(PCG64)"
    ]


def test_a_library_object_shows_the_generator_it_was_given() -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(RandomForestClassifier(random_state=np.random.RandomState(1)))
    assert set(reach("model", {"model": model}).sources) == {"model.steps[0][1].random_state"}


def test_a_data_loader_shows_its_generator() -> None:
    import torch
    from torch.utils.data import DataLoader

    loader = DataLoader([1, 2], generator=torch.Generator())
    assert "loader.generator" in reach("loader", {"loader": loader}).sources


def test_the_user_s_own_modules_are_entered_by_the_names_that_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import numpy as np\nrng = np.random.default_rng(1)\nother = np.random.default_rng(2)\n"
    (tmp_path / "my_helpers.py").write_text(text + "def roll(): return rng.normal()\n")
    monkeypatch.syspath_prepend(tmp_path)
    import my_helpers

    try:
        assert set(reach("h.roll()", {"h": my_helpers}).sources) == {"my_helpers.rng"}
        assert set(reach("h.other", {"h": my_helpers}).sources) == {"h.other"}
    finally:
        del sys.modules["my_helpers"]


def test_typed_and_legacy_jax_keys_are_found() -> None:
    import jax

    names = {"key": jax.random.key(1), "old": jax.random.PRNGKey(1), "x": jax.numpy.zeros(2)}
    found = reach("key, old, x", names).sources
    assert {path: held.kind for path, held in found.items()} == {
        "key": "jax key (threefry2x32)",
        "old": "jax key (legacy)",
    }
    assert not any(held.advances for held in found.values())


def test_the_global_streams_are_not_held_sources_too() -> None:
    from sklearn.utils import check_random_state

    assert reach("rs", {"rs": check_random_state(None)}).sources == {}


class Hostile(type):
    """A metaclass that objects to everything."""

    def __eq__(cls, other: object) -> bool:
        raise AssertionError

    def __hash__(cls) -> int:
        raise AssertionError

    def __getattribute__(cls, name: str) -> Any:
        raise AssertionError(name)


def test_no_code_of_the_user_runs() -> None:
    def hostile(*_: object) -> Any:
        raise AssertionError

    names = (
        "__getattr__",
        "__getattribute__",
        "__eq__",
        "__hash__",
        "__iter__",
        "__len__",
        "__bool__",
    )
    body = {**dict.fromkeys(names, hostile), "__class__": property(hostile), "x": property(hostile)}
    plain, strange = type("Plain", (), body), Hostile("Strange", (), body)
    values = {"a": plain(), "b": strange(), "c": [plain(), random.Random(1)], "d": strange}
    assert set(reach("a b c d", values).sources) == {"c[1]"}


def test_the_walk_leaves_no_reference_and_no_garbage(namespace: dict[str, Any]) -> None:
    watched = [namespace[name] for name in ("rng", "sim", "closed", "nested", "Sim")]
    reach("rng sim closed nested Sim", namespace)
    gc.collect()
    before = [sys.getrefcount(value) for value in watched]
    reach("rng sim closed nested Sim", namespace)
    assert [sys.getrefcount(value) for value in watched] == before
    assert gc.collect() == 0


def test_cycles_end() -> None:
    loop: list[Any] = [random.Random(1)]
    loop.append(loop)
    assert set(reach("loop", {"loop": loop}).sources) == {"loop[0]"}


def test_a_budget_that_is_spent_is_reported() -> None:
    many = [types.SimpleNamespace() for _ in range(50)]
    assert reach("many", {"many": many}, Budget(objects=10)).truncated
    assert reach("many", {"many": many}, Budget(items=10)).truncated
    assert not reach("many", {"many": many}).truncated


def test_a_long_list_of_numbers_hides_nothing() -> None:
    assert not reach("xs", {"xs": [0.5] * 10_000}).truncated


def test_elements_of_containers_count_towards_the_budget() -> None:
    """A table of numbers is not read to its end, and a source before the end is still found."""
    table = [[random.Random(1)], *([0.5] * 200 for _ in range(200))]
    found = reach("table", {"table": table})
    assert (set(found.sources), found.truncated) == ({"table[0][0]"}, True)
    assert not reach("table", {"table": table[:50]}).truncated


def test_one_object_in_many_places_costs_its_budget_once() -> None:
    names = {"a": [types.SimpleNamespace()] * 200, "rng": random.Random(1)}
    found = reach("a rng", names, Budget(objects=30))
    assert (set(found.sources), found.truncated) == ({"rng"}, False)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("x = 1  # rng", ("x",)),
        ("# rng\nx", ("x",)),
        ("x = '#'; rng", ("x", "rng")),
        ("x = 'a # b'; rng", ("x", "a", "b", "rng")),
        ('f"""\n# {rng}\n"""  # \'no', ("f", "rng")),
        ("# don't\nrng  # isn't", ("rng",)),
        ('f"{names["#"]}", rng', ("f", "names", "rng")),
        ("%%bash\necho 'it  # is\nrng  # x", ("bash", "echo", "it", "is", "rng")),
        ('"""open  # rng', ("open", "rng")),
        ("x = '" + r"\'" * 50_000 + "  # rng", ("x", "rng")),
    ],
)
def test_names_in_comments_are_left_out_and_no_others(cell: str, names: tuple[str, ...]) -> None:
    assert names_in(cell) == names


def test_names_are_found_in_any_text() -> None:
    assert names_in("%run λ.py\nif x1 == 'rng' (") == ("run", "λ", "py", "if", "x1", "rng")


def test_what_runs_the_notebook_is_not_looked_into() -> None:
    """Behind a kernel's stream, and the namespace itself, lies everything; a thread's own arguments count."""
    namespace: dict[str, Any] = {"rng": np.random.default_rng(1)}
    namespace["me"] = {"again": namespace}
    namespace["shell"] = InteractiveShell()
    namespace["shell"].user_ns["other"] = np.random.default_rng(2)
    namespace["thread"] = threading.Thread(target=print, args=(np.random.default_rng(3),))
    assert list(reach(("me", "shell"), namespace).sources) == []
    assert list(reach(("thread",), namespace).sources) == ["thread._args[0]"]
