"""Every test starts from a process without deterministic mode, and has to leave one behind."""

import sys
from collections.abc import Callable

import pytest
from held_settings import CUBLAS, held_values

from repro_nb.deterministic.active import active


@pytest.fixture(name="held_values", scope="session")
def _held_values() -> Callable[[], tuple[object, ...]]:
    return held_values


@pytest.fixture(autouse=True)
def plain_settings(monkeypatch):
    """Nothing is left of a mode after the test: no value, no import watch, no state of ours."""
    monkeypatch.delenv(CUBLAS, raising=False)
    before, finders = held_values(), list(sys.meta_path)
    yield
    assert held_values() == before
    assert sys.meta_path == finders
    assert active.enabled == []
