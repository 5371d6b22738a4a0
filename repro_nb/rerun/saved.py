"""The saved outputs of a notebook: in the file, or, where they were stripped, in its recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repro_nb.errors import RecordingError
from repro_nb.recording.align import CellKey, align
from repro_nb.recording.payloads import unshrink
from repro_nb.recording.store import read_recording, recording_path
from repro_nb.records import source_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro_nb.recording.recording import RecordedCell, Recording
    from repro_nb.rerun.notebook import Notebook

__all__ = ["SavedOutputs", "saved_outputs"]


@dataclass(frozen=True)
class SavedOutputs:
    """What each code cell gave when the notebook was last saved, or recorded.

    Attributes:
        origin: ``notebook``, ``recording`` or ``none``.
        notebook: The notebook they belong to.
        recorded: The recorded cell of each code cell, where the origin is the recording.
        previous: The recording that lies beside the notebook, whatever the origin.
    """

    origin: str
    notebook: Notebook
    recorded: tuple[RecordedCell | None, ...] = ()
    previous: Recording | None = None

    @property
    def available(self) -> bool:
        """Whether there is anything to compare with."""
        return self.origin != "none"

    def of(self, index: int, fresh: Sequence[Any]) -> Sequence[Any] | None:
        """The saved outputs of code cell `index`; None where nothing is saved at all.

        A cell that the recording does not know has none: whatever it gives is extra.

        Args:
            index: Position over code cells.
            fresh: The cell's new outputs: a payload that was too large to keep is filled in from them where its
                digest is the same.
        """
        if self.origin == "notebook":
            return self.notebook.code_cells[index].outputs
        if self.origin == "none":
            return None
        cell = self.recorded[index]
        return () if cell is None else unshrink(cell.outputs, fresh)


def saved_outputs(notebook: Notebook, *, replaces_recording: bool = False) -> SavedOutputs:
    """Find the saved outputs of `notebook`.

    Args:
        notebook: The notebook.
        replaces_recording: A new recording is going to be written, so that a damaged one is no obstacle.

    Raises:
        RecordingError: The outputs were stripped, and the recording beside it cannot be read.
    """
    path = recording_path(notebook.path)
    try:
        previous = read_recording(path) if path.is_file() else None
    except RecordingError:
        if not (notebook.has_saved_outputs or replaces_recording):
            raise
        previous = None
    if notebook.has_saved_outputs:
        return SavedOutputs("notebook", notebook, previous=previous)
    if previous is None:
        return SavedOutputs("none", notebook)
    return SavedOutputs("recording", notebook, _matched(notebook, previous), previous)


def _matched(notebook: Notebook, recording: Recording) -> tuple[RecordedCell | None, ...]:
    old = [CellKey(cell.id, cell.source_digest) for cell in recording.cells]
    new = [CellKey(cell.id, source_digest(cell.source)) for cell in notebook.code_cells]
    pairs = {right: left for left, right in align(old, new) if right is not None}
    lefts = (pairs.get(index) for index in range(len(new)))
    return tuple(None if left is None else recording.cells[left] for left in lefts)
