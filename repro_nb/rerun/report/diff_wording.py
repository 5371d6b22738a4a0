"""The sentences of every report on a difference."""

from __future__ import annotations

from repro_nb.recording.diff import CellDiff, NotebookDiff
from repro_nb.recording.outcome import Outcome
from repro_nb.rerun.report.wording import as_code

__all__ = ["diff_verdict", "environment_rows", "notable", "place", "remarks"]


def diff_verdict(diff: NotebookDiff) -> str:
    """Whether the results agree, in one line."""
    if diff.left is None or diff.right is None:
        return f"only in {'B' if diff.left is None else 'A'}"
    apart = sum(not cell.agrees for cell in diff.cells)
    if apart:
        return f"{apart} of {len(diff.cells)} cells differ"
    return f"all {len(diff.cells)} cells agree"


def place(cell: CellDiff) -> str:
    """Where a cell is on either side: ``cell 3``, or ``cell 3 in A, 4 in B``."""
    if cell.left is None:
        return f"cell {cell.right} in B"
    if cell.right is None:
        return f"cell {cell.left} in A"
    return (
        f"cell {cell.left}"
        if cell.left == cell.right
        else f"cell {cell.left} in A, {cell.right} in B"
    )


def remarks(cell: CellDiff) -> tuple[str, ...]:
    """What else is to be said of a cell than how its outputs compare."""
    found = ["its code was changed"] if cell.source_changed else []
    left, right = cell.statuses
    if left and right and left != right:
        found.append(f"it ended {left} in A and {right} in B")
    found += [f"{as_code(source.name)}: {source.what}" for source in cell.sources]
    if cell.outcome in (Outcome.MISSING, Outcome.EXTRA) and cell.comparison is None:
        found.append(f"it is only in {'B' if cell.left is None else 'A'}")
    return tuple(found)


def notable(diff: NotebookDiff) -> tuple[CellDiff, ...]:
    """The cells with something to tell."""
    return tuple(cell for cell in diff.cells if not cell.agrees or remarks(cell))


def environment_rows(diff: NotebookDiff) -> tuple[tuple[str, str, str, str], ...]:
    """What differs in the environment: group, name, and both values."""
    return tuple(
        (each.group, each.name, each.left or "—", each.right or "—") for each in diff.environment
    )
