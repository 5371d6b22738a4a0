"""What this process keeps for as long as it lives: the one global of the package."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Deque, Dict, FrozenSet, List, Optional, Tuple

if TYPE_CHECKING:
    from repro_nb.imports import ImportWatch
    from repro_nb.probe.recorder import Recorder
    from repro_nb.probe.timeline import Moment
    from repro_nb.rng import States

__all__ = ["SeedEvent", "Seeding", "Session", "session"]

_MAX_SEED_EVENTS = 1000


@dataclass(frozen=True)
class Seeding:
    """The seed in force.

    Attributes:
        seed: An integer from 0 to 2**32 - 1.
        names: Names of the sources that it sets; None for all of them.
        per_cell: Whether each cell has streams of its own, made from the seed, the cell and the source.
        call: What set it, as reports show it.
    """

    seed: int
    names: Optional[Tuple[str, ...]] = None
    per_cell: bool = False
    call: str = ""

    def covers(self, source: str) -> bool:
        """Whether it sets the streams of the library `source`."""
        return self.names is None or source in self.names


@dataclass(frozen=True)
class SeedEvent:
    """A seed that was set.

    Attributes:
        call: What set it, such as ``set_global_seed(42)``.
        seed: The seed.
        names: Names of the sources that it set; None for all of them.
        order: Which execution of the session set it; None outside a recorded cell.
    """

    call: str
    seed: int
    names: Optional[Tuple[str, ...]]
    order: Optional[int]


@dataclass
class Session:
    """The state of repro_nb in one kernel.

    Attributes:
        recorder: Makes the cell records; None while nothing is recorded.
        seeding: The seed in force; None before one is set.
        seed_history: The seeds that were set, the last ones.
        seed_watch: Seeds what is imported after the seed was set; None when nothing is to be seeded.
        unseeded_states: What the streams of libraries that were imported meanwhile began with, before they were seeded.
        waiting_states: States from a file, for libraries that are not imported yet.
        blocks: What was there when each `SeedContext` that is open now began, the innermost last: the streams are the
            process's, so these are too.
        checkpoint_watch: Registers the checkpoints that cells write; None while nobody asked for that.
        undo: Where the sources were before they were put elsewhere; None before that.
        rerun: Whether repro_nb started this kernel to rerun a notebook.
        probe_folder: Where the probe of a rerun writes; None in a live session.
        baseline: Names of the modules that were loaded before the first cell of a rerun.
    """

    recorder: Optional[Recorder] = None
    seeding: Optional[Seeding] = None
    seed_history: Deque[SeedEvent] = field(default_factory=lambda: deque(maxlen=_MAX_SEED_EVENTS))
    seed_watch: Optional[ImportWatch] = None
    unseeded_states: Dict[str, States] = field(default_factory=dict)
    waiting_states: Dict[str, States] = field(default_factory=dict)
    blocks: List[Any] = field(default_factory=list)
    checkpoint_watch: Optional[Any] = None
    undo: Optional[Moment] = None
    rerun: bool = False
    probe_folder: Optional[Path] = None
    baseline: FrozenSet[str] = frozenset()


session = Session()
