"""The magics as IPython knows them, and how they are added to a shell and removed without a trace.

What a magic does is imported when it is first used, so that ``%load_ext`` stays fast.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator, List, Optional

from IPython.core.error import UsageError as ShellUsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
)

from repro_nb.errors import ReproError
from repro_nb.magics.completion import complete_options

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["ReproMagics"]

_HELP_ALONE = re.compile(r"%%deterministic\s+(-h|--help)\s*")


@magics_class
class ReproMagics(Magics):
    """The magics of repro_nb.

    Args:
        shell: The shell that they serve.
        owns_recorder: The session's recorder was started together with them, and ends with them.
    """

    def __init__(self, shell: InteractiveShell, *, owns_recorder: bool) -> None:
        super().__init__(shell)
        self._shell = shell
        self.owns_recorder = owns_recorder

    @classmethod
    def of(cls, shell: InteractiveShell) -> Optional[ReproMagics]:
        """The magics that `shell` has; None when it has none."""
        found: Optional[ReproMagics] = shell.magics_manager.registry.get(cls.__name__)
        return found

    def add(self) -> None:
        """Make the magics, their help and their completion known to the shell."""
        self._shell.register_magics(self)
        self._shell.Completer.custom_matchers.append(complete_options)
        self._shell.input_transformers_cleanup.append(_help_without_body)

    def remove(self) -> None:
        """Take away what `add` added."""
        manager = self._shell.magics_manager
        manager.registry.pop(type(self).__name__, None)
        for kind, names in self.magics.items():
            for name in names:
                manager.magics[kind].pop(name, None)
        _discard(self._shell.Completer.custom_matchers, complete_options)
        _discard(self._shell.input_transformers_cleanup, _help_without_body)

    @line_magic
    def repro_seed(self, line: str) -> None:
        """Seed every source of random numbers, or show what is seeded: ``%repro_seed -h`` tells more."""
        from repro_nb.magics import seed

        with _short_errors():
            seed.run(line, self._shell)

    @line_magic
    def repro_history(self, line: str) -> None:
        """Show what each cell drew from which source: ``%repro_history -h`` tells more."""
        from repro_nb.magics import history

        with _short_errors():
            history.run(line, self._shell)

    @line_magic
    def repro_restore(self, line: str) -> None:
        """Put random state where it was when a cell started: ``%repro_restore -h`` tells more."""
        from repro_nb.magics import restore

        with _short_errors():
            restore.run(line, self._shell)

    @line_cell_magic
    def deterministic(self, line: str, cell: Optional[str] = None) -> None:
        """Run the cell in deterministic mode, or show the mode: ``%deterministic -h`` tells more."""
        from repro_nb.magics import deterministic

        __tracebackhide__ = True
        deterministic.run(line, cell, self._shell)

    @line_magic
    def repro_verify(self, line: str) -> None:
        """Rerun the saved notebook in fresh kernels: ``%repro_verify -h`` tells more."""
        from repro_nb.magics import verify

        with _short_errors():
            verify.run(line, self._shell)

    @line_magic
    def repro_checkpoint(self, line: str) -> None:
        """Register a checkpoint with the cell it comes from: ``%repro_checkpoint -h`` tells more."""
        from repro_nb.magics import checkpoint

        with _short_errors():
            checkpoint.run(line, self._shell)


@contextmanager
def _short_errors() -> Iterator[None]:
    """Show errors that we raise on purpose as one sentence: a traceback through our code helps nobody."""
    try:
        yield
    except ReproError as error:
        raise ShellUsageError(str(error)) from error


def _help_without_body(lines: List[str]) -> List[str]:
    """``%%deterministic -h`` as a whole cell: IPython refuses cell magics that have no body."""
    if _HELP_ALONE.fullmatch("".join(lines)):
        return ["%deterministic -h\n"]
    return lines


def _discard(items: List[Any], item: Any) -> None:
    if item in items:
        items.remove(item)
