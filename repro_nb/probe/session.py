"""What this process keeps for as long as it lives: the one global of the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, FrozenSet, Optional

if TYPE_CHECKING:
    from repro_nb.deterministic import DeterministicContext
    from repro_nb.imports import ImportWatch
    from repro_nb.probe.recorder import Recorder

__all__ = ["Session", "session"]


@dataclass
class Session:
    """The state of repro_nb in one kernel.

    Attributes:
        recorder: Makes the cell records; None while nothing is recorded.
        seed: The seed that every source was last set from; None before that.
        seed_watch: Seeds what is imported after the seed was set; None when nothing is to be seeded.
        determinism: Deterministic mode, where it is on for the rest of the session.
        rerun: Whether repro_nb started this kernel to rerun a notebook.
        probe_folder: Where the probe of a rerun writes; None in a live session.
        baseline: Names of the modules that were loaded before the first cell of a rerun.
    """

    recorder: Optional[Recorder] = None
    seed: Optional[int] = None
    seed_watch: Optional[ImportWatch] = None
    determinism: Optional[DeterministicContext] = None
    rerun: bool = False
    probe_folder: Optional[Path] = None
    baseline: FrozenSet[str] = frozenset()


session = Session()
