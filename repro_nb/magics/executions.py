"""Executions, named as the user knows them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Tuple

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
        history = shell.history_manager
        inputs = list(history.input_hist_raw) if history is not None else []
        self._inputs: Dict[int, Tuple[int, str]] = {
            order: (number, inputs[number]) for order, number in _matched(inputs)
        }

    def name(self, order: int) -> str:
        """The execution `order`, such as ``In [4]: x = rng.normal()``."""
        number, _ = self._input(order)
        if number is None:
            return f"execution {order}"
        return f"In [{number}]: {self.shortened(order)}"

    def prompt(self, order: int) -> str:
        """The prompt of the execution `order`, such as ``In [4]``."""
        number, _ = self._input(order)
        return f"execution {order}" if number is None else f"In [{number}]"

    def order(self, number: int) -> Optional[int]:
        """The execution that had the prompt ``In [number]``; None if that was not recorded.

        Where cells are run without prompts (nbval does so), the number is that of the execution.
        """
        if not self._inputs:
            return number
        return next((order for order, (own, _) in self._inputs.items() if own == number), None)

    def shortened(self, order: int) -> str:
        """As much of the first line of code of the execution `order` as a table has room for."""
        line = self.first_line(order)
        return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"

    def first_line(self, order: int) -> str:
        """The first line of code of the execution `order`; empty where the history lacks it."""
        lines = (line.strip() for line in self._input(order)[1].splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")

    def _input(self, order: int) -> Tuple[Optional[int], str]:
        return self._inputs.get(order, (None, ""))


def _matched(inputs: List[str]) -> Iterator[Tuple[int, int]]:
    """Order and prompt of each record: both ascend, and the text of the cell is the same.

    Cells that were run without a prompt, such as nested ones, have none.
    """
    numbers: Dict[str, List[int]] = {}
    for number, text in enumerate(inputs):
        if number:
            numbers.setdefault(source_digest(text), []).append(number)
    records = session.recorder.records if session.recorder is not None else ()
    last = 0
    for order, digest in sorted((record.order, record.source_digest) for record in records):
        same = numbers.get(digest, [])
        position = bisect_right(same, last)
        if position < len(same):
            last = same[position]
            yield order, last
