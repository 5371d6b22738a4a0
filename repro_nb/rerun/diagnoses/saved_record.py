"""The recording beside the notebook, set against the saved outputs: which of them it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from repro_nb.recording.align import CellKey, align
from repro_nb.recording.compare import compare_outputs
from repro_nb.recording.payloads import unshrink
from repro_nb.records import source_digest

if TYPE_CHECKING:
    from repro_nb.recording.recording import RecordedCell
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["recorded_cells", "tells_of"]


def recorded_cells(case: Case) -> Mapping[int, RecordedCell]:
    """The recorded cell of each code cell that has one, by index."""
    recording = case.saved.previous
    if recording is None:
        return {}
    old = [CellKey(cell.id, cell.source_digest) for cell in recording.cells]
    new = [CellKey(cell.id, source_digest(cell.source)) for cell in case.cells]
    return {
        right: recording.cells[left]
        for left, right in align(old, new)
        if left is not None and right is not None
    }


def tells_of(case: Case, cell: int) -> bool:
    """Whether the recording's run gave the saved output of `cell`: it tells how that came to be."""
    recorded = recorded_cells(case).get(cell)
    if recorded is None or recorded.status == "not-run":
        return False
    if case.saved.origin == "recording":
        return True
    saved = case.cells[cell].outputs
    return compare_outputs(unshrink(recorded.outputs, saved), saved).agrees
