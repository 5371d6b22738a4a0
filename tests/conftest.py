"""A real IPython shell with a recorder on it."""

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from recorded_shell import Notebook
from traitlets.config import Config


@pytest.fixture(scope="session")
def shell() -> InteractiveShell:
    """The one shell of the session; it writes no history."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return InteractiveShell(config=config)


@pytest.fixture
def notebook(shell: InteractiveShell) -> Iterator[Notebook]:
    """A shell without variables, recorded."""
    shell.reset(new_session=True)
    book = Notebook(shell)
    yield book
    book.recorder.detach()
