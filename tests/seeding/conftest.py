"""What every test of seeds begins and ends with: no seed, no watch, no mode."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorded_shell import Notebook

from repro_nb.deterministic import disable_deterministic_mode
from repro_nb.probe.session import session
from repro_nb.seeding import let_go

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clean_session() -> Iterator[None]:
    """Leave neither a seed nor a watch behind."""
    before = list(sys.meta_path)
    yield
    disable_deterministic_mode()
    let_go()
    session.seeding = session.undo = None
    session.seed_history.clear()
    assert sys.meta_path == before


@pytest.fixture
def live(notebook: Notebook) -> Iterator[Notebook]:
    """A recorded shell that is the session's own."""
    session.recorder = notebook.recorder
    yield notebook
    let_go()
    session.recorder = None
