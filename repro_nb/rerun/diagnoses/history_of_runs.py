"""What the saved execution counts tell of the session that gave the saved outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["ExecutionCounts", "execution_counts", "was_run"]


@dataclass(frozen=True)
class ExecutionCounts:
    """The saved execution counts.

    Attributes:
        counts: The count of each code cell that has one, by index.
    """

    counts: Mapping[int, int]

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The cells in the order in which they ran last; cells of one count in document order."""
        return tuple(sorted(self.counts, key=lambda cell: (self.counts[cell], cell)))

    @property
    def is_whole(self) -> bool:
        """Whether one session ran every counted cell once, from the top, and nothing else."""
        return [self.counts[cell] for cell in sorted(self.counts)] == [
            *range(1, len(self.counts) + 1)
        ]

    @property
    def repeats(self) -> bool:
        """Whether two cells have one count: they ran in different sessions."""
        return len(set(self.counts.values())) < len(self.counts)

    def lost_before(self, cell: int) -> int:
        """Executions before that of `cell` which no cell shows any more: cells that ran again, or are gone."""
        count = self.counts.get(cell)
        if count is None:
            return 0
        return count - 1 - sum(other < count for other in set(self.counts.values()))

    def gap_before(self, cell: int) -> int:
        """Lost executions between that of `cell` and the one before it."""
        place = self.order.index(cell)
        before = self.counts[self.order[place - 1]] if place else 0
        return max(0, self.counts[cell] - before - 1)


def execution_counts(case: Case) -> ExecutionCounts:
    """The saved execution counts of the case's notebook."""
    counts: dict[int, int] = {}
    for cell in case.cells:
        count = case.notebook.node.cells[cell.position].get("execution_count")
        if isinstance(count, int) and count > 0 and cell.source.strip():
            counts[cell.index] = count
    return ExecutionCounts(counts)


def was_run(case: Case, cell: int) -> bool:
    """Whether the saved notebook shows that `cell` once ran without an error."""
    outputs = case.cells[cell].outputs
    shown = bool(outputs) or case.cells[cell].executed
    return shown and not any(output.get("output_type") == "error" for output in outputs)
