"""Cells and their records."""

from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from repro_nb.probe.recorder import Recorder
from repro_nb.records import CellRecord


class Notebook:
    """Runs cells in a shell of its own and gives their records."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.recorder = Recorder(shell.user_ns)
        self.recorder.attach(shell.events)

    def run(self, cell: str, **options: Any) -> CellRecord:
        """Run one cell; the record of it."""
        self.shell.run_cell(cell, **options)
        return self.recorder.records[-1]
