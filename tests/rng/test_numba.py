"""numba's two streams: seeded as jitted code seeds them, and put back with the deviate that its own getter drops."""

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import _helperlib, njit

from repro_nb.rng import memory, sources
from repro_nb.rng import numba as numba_states

SOURCE: Any = next(source for source in sources() if source.name == "numba")


@njit
def seed_both(seed: int) -> None:
    """Seed as a user does."""
    np.random.seed(seed)
    random.seed(seed)


@njit
def draw_both() -> tuple[float, float]:
    """One normal deviate of each stream."""
    return np.random.normal(0.0, 1.0), random.gauss(0.0, 1.0)


@pytest.mark.parametrize("seed", [0, 42, 2**32 - 1])
def test_seeding_equals_seeding_in_jitted_code(seed: int) -> None:
    seed_both(seed)
    expected = SOURCE.states()
    draw_both()
    SOURCE.seed(seed)
    assert SOURCE.states() == expected
    assert all(SOURCE.is_fresh(name, state) for name, state in expected.items())


def test_a_deviate_that_is_kept_back_comes_back_too() -> None:
    SOURCE.seed(1)
    draw_both()
    states = SOURCE.states()
    expected = draw_both()
    draw_both()
    SOURCE.restoring(states)()
    assert draw_both() == expected
    assert not any(SOURCE.is_fresh(name, state) for name, state in states.items())


def test_the_structure_is_where_it_is_said_to_be_and_agrees_with_the_getter() -> None:
    assert numba_states._is_as_known(_helperlib)
    address = _helperlib.rnd_get_np_state_ptr()
    position, words = _helperlib.rnd_get_state(address)
    state = memory.read(address, numba_states._STATE.size)
    assert numba_states._STATE.unpack(state)[:625] == (position, *words)


def test_without_memory_the_getters_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    SOURCE.seed(3)
    expected = SOURCE.states()
    monkeypatch.setattr(numba_states, "_is_as_known", lambda _: False)
    assert SOURCE.states() == expected
    drawn = draw_both()
    SOURCE.restoring(expected)()
    assert draw_both() == drawn


def test_numpys_own_stream_is_another_one() -> None:
    before = SOURCE.states()
    np.random.seed(1)
    np.random.rand()
    random.random()
    assert SOURCE.states() == before


def in_a_thread(call: Callable[[], object]) -> Any:
    """What `call` gives in a thread of its own."""
    given: list[object] = []
    thread = threading.Thread(target=lambda: given.append(call()))
    thread.start()
    thread.join()
    return given[0]


def test_another_thread_has_streams_of_its_own_as_the_limits_say() -> None:
    SOURCE.seed(1)
    states = SOURCE.states()
    in_a_thread(draw_both)
    assert SOURCE.states() == states
    assert in_a_thread(SOURCE.states) != states
    assert "threads" in SOURCE.limits
