"""Every test starts from a process without deterministic mode, and has to leave one behind."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from repro_nb.deterministic.active import active

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def held_values() -> tuple[object, ...]:
    """Everything that deterministic mode and thread limits may change."""
    return (
        torch.get_deterministic_debug_mode(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,
        os.environ.get(CUBLAS),
        torch.get_num_threads(),
    )


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


@pytest.fixture
def in_fresh_python() -> Callable[[str], list[str]]:
    """Lines that a program prints in an interpreter of its own, which has to stay silent otherwise."""

    def run(program: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return run
