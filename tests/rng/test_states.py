"""The raw states of the global streams and of held generators: right, comparable, and read without a trace."""

import random
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.rng import held, memory, mt19937, numpy_memory, sources, torch_memory
from repro_nb.rng import numpy as numpy_states
from repro_nb.rng import python as python_states
from repro_nb.rng.fingerprint import fingerprint

BY_NAME = {source.name: source for source in sources()}
BIT_GENERATORS = [
    np.random.MT19937,
    np.random.PCG64,
    np.random.PCG64DXSM,
    np.random.Philox,
    np.random.SFC64,
]
DRAWS: dict[str, list[Callable[[], Any]]] = {
    "python": [random.random, lambda: random.gauss(0, 1), lambda: random.getrandbits(7)],
    "numpy": [np.random.rand, np.random.standard_normal, lambda: np.random.randint(9)],
    "torch": [lambda: torch.rand(3), lambda: torch.randn(1), lambda: torch.randperm(4)],
}


def states() -> dict[str, bytes | None]:
    """Every global state now."""
    return {name: state for source in sources() for name, state in source.states().items()}


@given(st.lists(st.tuples(st.sampled_from(sorted(DRAWS)), st.integers(0, 2)), max_size=12))
def test_a_state_changes_exactly_when_its_library_draws(program: list[tuple[str, int]]) -> None:
    for name, which in program:
        before, glances = states(), {s.name: s.glance() for s in sources()}
        DRAWS[name][which]()
        after = states()
        assert {source for source in after if after[source] != before[source]} == {name}
        assert {s.name for s in sources() if s.glance() != glances[s.name]} == {name}


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_312_doubles_return_the_position_but_not_the_state(name: str) -> None:
    BY_NAME[name].seed(1)
    DRAWS[name][0]()
    before = states()[name]
    np.random.rand(312) if name == "numpy" else [DRAWS[name][0]() for _ in range(312)]
    assert states()[name] != before


def test_a_second_gauss_changes_only_the_deviate_kept_back() -> None:
    stream = random.Random(1)
    stream.gauss(0, 1)
    before = python_states.state_of(stream)
    stream.gauss(0, 1)
    assert python_states.state_of(stream) != before
    assert stream.getstate()[1] == random_after_one_gauss().getstate()[1]


def random_after_one_gauss() -> random.Random:
    """A stream that has made one pair of deviates."""
    stream = random.Random(1)
    stream.gauss(0, 1)
    return stream


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("name", sorted(DRAWS))
def test_a_seeded_stream_is_fresh_until_it_draws(name: str, seed: int) -> None:
    source = BY_NAME[name]
    source.seed(seed)
    assert source.is_fresh(name, states()[name] or b"")
    DRAWS[name][0]()
    assert not source.is_fresh(name, states()[name] or b"")


def test_a_block_that_the_generator_made_is_not_taken_for_a_seeding() -> None:
    np.random.seed(0)
    np.random.rand(312)
    assert not BY_NAME["numpy"].is_fresh("numpy", states()["numpy"] or b"")
    assert not mt19937.is_seeded_key((1, 2, 3))


@pytest.mark.parametrize("name", sorted(DRAWS))
def test_the_same_seed_gives_the_same_bytes_in_another_process(name: str) -> None:
    code = (
        "import random, numpy.random, torch\n"
        "from repro_nb.rng import sources\n"
        "from repro_nb.rng.fingerprint import fingerprint\n"
        f"source = {{s.name: s for s in sources()}}[{name!r}]\n"
        "source.seed(5)\n"
        "random.gauss(0, 1), numpy.random.randn(), torch.randn(1)\n"
        f"print(fingerprint(source.states()[{name!r}]))"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    BY_NAME[name].seed(5)
    {
        "python": lambda: random.gauss(0, 1),
        "numpy": np.random.randn,
        "torch": lambda: torch.randn(1),
    }[name]()
    assert there.stdout.strip() == fingerprint(states()[name] or b"")


def test_the_paths_through_memory_are_in_use_here_and_agree_with_the_getters() -> None:
    stream = np.random.RandomState(3)
    stream.standard_normal(3)
    assert memory.is_readable()
    assert python_states._offset() is not None
    assert numpy_memory.layout() is not None
    assert torch_memory._offset(torch.Generator) is not None
    assert numpy_states.random_state_state(stream) == numpy_memory.portable_state(
        stream, stream._bit_generator
    )


def test_where_memory_cannot_be_read_the_getters_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast = states()
    caches = (python_states._offset, numpy_memory.layout, torch_memory._offset)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "is_readable", lambda: False)
        for cache in caches:
            cache.cache_clear()
        _look_again()
        slow = states()
    for cache in caches:
        cache.cache_clear()
    _look_again()
    assert slow == fast


def _look_again() -> None:
    """Let the sources find their streams anew."""
    for source in sources():
        source._home = source._id = None


def test_a_swapped_bit_generator_is_followed() -> None:
    original = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        before = states()["numpy"]
        np.random.rand()
        assert states()["numpy"] != before
    finally:
        np.random.set_bit_generator(original)


@pytest.mark.parametrize("make", BIT_GENERATORS)
def test_a_held_generator_of_any_kind_shows_draws_and_spawns(make: Any) -> None:
    rng = np.random.Generator(make(4))
    seen = [read(rng)]
    rng.normal()
    seen.append(read(rng))
    rng.spawn(1)
    seen.append(read(rng))
    assert len({one.state for one in seen}) == 3
    assert len({one.identity for one in seen}) == 1
    assert seen[0].kind == f"numpy.random.Generator({make.__name__})"


def read(value: Any) -> held.Held:
    """`value` as a held source."""
    reader = held.reader_of(type(value), held.known_types())
    assert reader is not None
    found = reader(value)
    assert found is not None
    return found


def test_a_torch_generator_and_a_random_are_held_sources() -> None:
    assert read(torch.Generator()).kind == "torch.Generator(cpu)"
    assert read(random.Random(1)).kind == "random.Random"
    assert read(np.random.RandomState(1)).kind == "numpy.random.RandomState(MT19937)"


def test_system_random_is_no_source() -> None:
    reader = held.reader_of(random.SystemRandom, held.known_types())
    assert reader is None or reader(random.SystemRandom()) is None


def test_a_subclass_is_read_without_its_own_methods() -> None:
    class Loud(random.Random):
        def getstate(self) -> Any:
            raise AssertionError

    stream = Loud(3)
    before = read(stream).state
    stream.random()
    assert read(stream).state != before


def test_looking_at_sources_imports_no_library() -> None:
    code = (
        "import sys; from repro_nb.rng import sources\n"
        "[source.states() or source.glance() for source in sources()]\n"
        "print(sorted({'numpy', 'torch', 'jax', 'numpy.random'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_cuda_is_pending_until_the_user_initialises_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with CUDA is asked whether it is initialised, and nothing else: no device is at hand here."""
    from repro_nb.rng import torch as torch_states

    monkeypatch.setattr(torch_states, "_devices", lambda _: ("cuda", "mps"))
    assert BY_NAME["torch"].states().keys() == {"torch", "torch.cuda", "torch.mps"}
    assert BY_NAME["torch"].states()["torch.cuda"] is None
    assert BY_NAME["torch"].states()["torch.mps"] is None
    assert not torch.cuda.is_initialized()
