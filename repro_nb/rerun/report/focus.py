"""The first divergent cell: what every report shows closest."""

from __future__ import annotations

from dataclasses import dataclass

from repro_nb.recording.outcome import CellComparison, OutputComparison
from repro_nb.rerun.result import CellResult, NotebookResult

__all__ = ["Focus", "focus_of"]


@dataclass(frozen=True, kw_only=True)
class Focus:
    """The first divergent cell, and the comparison in which it diverged.

    Attributes:
        cell: The cell.
        compared: ``run_to_run`` or ``saved``.
        left: Name of the expected side, such as ``run A``.
        right: Name of the other side.
        outputs: Its outputs that do not agree.
    """

    cell: CellResult
    compared: str
    left: str
    right: str
    outputs: tuple[OutputComparison, ...]


def focus_of(result: NotebookResult) -> Focus | None:
    """The first cell that differs between runs, else the first that differs from the saved outputs."""
    cell = result.first_divergent_cell
    if cell is None:
        return None
    if result.run_to_run.first is not None:
        left, right = cell.compared_runs
        return _focus(cell, "run_to_run", f"run {left}", f"run {right}", cell.run_to_run)
    origin = "recorded" if result.saved.origin == "recording" else "saved"
    return _focus(cell, "saved", origin, "now", cell.saved)


def _focus(
    cell: CellResult, compared: str, left: str, right: str, comparison: CellComparison | None
) -> Focus:
    outputs = comparison.outputs if comparison else ()
    return Focus(
        cell=cell,
        compared=compared,
        left=left,
        right=right,
        outputs=tuple(output for output in outputs if not output.outcome.agrees),
    )
