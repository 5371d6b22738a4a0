"""Which cell is running, and in what random state: what a checkpoint that it writes is remembered with."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from repro_nb.probe.session import session
from repro_nb.probe.whereabouts import notebook_path
from repro_nb.records import source_digest

if TYPE_CHECKING:
    from repro_nb.probe.tally import SourceSummary

__all__ = ["WritingCell", "writing_cell"]

_MOST_SOURCES = 64
"""Sources that are remembered: the libraries' own come first, then those that variables hold."""


@dataclass(frozen=True)
class WritingCell:
    """A cell at one moment of its execution.

    Attributes:
        notebook: Path of the notebook; empty where no front end tells of one.
        cell_id: As in the cell's record; empty outside a recorded cell.
        source_digest: Likewise.
        order: Which execution of the session it is, from 1; None outside a recorded cell.
        prompt: The number of its input prompt, as in ``In [4]``; None where it has none.
        fingerprints: Fingerprint of each source of random numbers, now.
    """

    notebook: str = ""
    cell_id: str = ""
    source_digest: str = ""
    order: Optional[int] = None
    prompt: Optional[int] = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)


def writing_cell() -> WritingCell:
    """The innermost cell that is running now; one without facts where nothing is recorded."""
    recorder = session.recorder
    if recorder is None:
        return WritingCell()
    cell = recorder.current()
    return WritingCell(
        notebook=_notebook(recorder.namespace),
        cell_id=cell.cell_id if cell is not None else "",
        source_digest=cell.source_digest if cell is not None else "",
        order=cell.order if cell is not None else None,
        prompt=_prompt(cell.source_digest) if cell is not None else None,
        fingerprints=_fingerprints(recorder.summary()),
    )


def _fingerprints(summaries: Tuple[SourceSummary, ...]) -> Dict[str, str]:
    known = [row for row in summaries if row.fingerprint is not None]
    return {row.name: str(row.fingerprint) for row in known[:_MOST_SOURCES]}


def _notebook(namespace: Mapping[str, Any]) -> str:
    path = notebook_path(namespace, _started_in())
    return "" if path is None else str(path)


def _prompt(source: str) -> Optional[int]:
    """The number of the last prompt, where the running cell is what was typed there; a nested one has none."""
    shell = _shell()
    history = getattr(shell, "history_manager", None)
    inputs = list(history.input_hist_raw) if history is not None else []
    if not inputs or source_digest(inputs[-1]) != source:
        return None
    return len(inputs) - 1


def _started_in() -> str:
    """The folder that the shell was started in, which a notebook may have left since."""
    shell = _shell()
    return "." if shell is None else str(shell.starting_dir)


def _shell() -> Any:
    """The shell that runs cells in this process; None where there is none."""
    interactive = sys.modules.get("IPython.core.interactiveshell")
    if interactive is None or not interactive.InteractiveShell.initialized():
        return None
    return interactive.InteractiveShell.instance()
