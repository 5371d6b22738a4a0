"""Executions, named as the user knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Tuple

from repro_nb.probe.session import session
from repro_nb.records import source_digest

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Executions"]

_WIDTH = 40
"""Characters of a line that are shown."""


class Executions:
    """Names executions by the input prompt and the first line of the cell.

    Args:
        shell: The shell whose history knows the prompts.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        records = session.recorder.records if session.recorder is not None else ()
        self._digests = {record.order: record.source_digest for record in records}
        history = shell.history_manager
        inputs = history.input_hist_raw if history is not None else []
        # Of equal cells the last one counts: it is the one that drew last.
        self._inputs: Dict[str, Tuple[int, str]] = {
            source_digest(text): (number, text) for number, text in enumerate(inputs) if number
        }

    def name(self, order: int) -> str:
        """The execution `order`, such as ``In [4]: x = rng.normal()``."""
        number, _ = self._input(order)
        if number is None:
            return f"execution {order}"
        line = self.first_line(order)
        return f"In [{number}]: {line if len(line) <= _WIDTH else line[: _WIDTH - 1] + '…'}"

    def first_line(self, order: int) -> str:
        """The first line of code of the execution `order`; empty where the history lacks it."""
        lines = (line.strip() for line in self._input(order)[1].splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")

    def _input(self, order: int) -> Tuple[Optional[int], str]:
        return self._inputs.get(self._digests.get(order, ""), (None, ""))
