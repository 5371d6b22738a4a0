"""Streams of their own for each cell: what a cell draws depends on the seed, the cell and the source alone.

So a cell that is run again gives the same numbers, cells that run out of order give the same numbers, and editing one
cell changes nothing in another.
"""

from __future__ import annotations

import sys
import warnings
from typing import Dict, Mapping, Tuple

from repro_nb.errors import UsageError
from repro_nb.probe.recorder import CurrentCell
from repro_nb.probe.session import Seeding, session
from repro_nb.rng import sources
from repro_nb.rng.placing import reseeding
from repro_nb.rng.reach import Budget, find
from repro_nb.seeding.domain import checked_seed
from repro_nb.seeding.everywhere import apply_seeding, cell_seeds, checked_names, watch_imports

__all__ = ["follow_cells", "go_on", "seed_per_cell"]

# No clock: where the search ends must not depend on how fast the machine is.
_BUDGET = Budget(objects=200_000, items=50_000, seconds=float("inf"))


def seed_per_cell(seed: int, only: Tuple[str, ...] = ()) -> None:
    """From the next cell on, give each cell streams of its own, for global sources and the generators it reaches.

    The rest of the running cell draws from its own streams too. It ends when another seed is set.

    Args:
        seed: An integer from 0 to 2**32 - 1.
        only: Names of the sources that are seeded; by default all of them, and then held generators too.

    Raises:
        UsageError: `seed` is no such integer, `only` names an unknown source, or no cells are recorded here.
    """
    if session.recorder is None:
        raise UsageError(
            "there are no cells here",
            where="per cell",
            hint="%load_ext repro_nb, then %repro_seed 42 --per-cell.",
        )
    names = checked_names(only or None)
    call = f"per-cell seed {seed}"
    apply_seeding(Seeding(checked_seed(seed), names, per_cell=True, call=call))
    follow_cells()


def follow_cells() -> None:
    """Let the recorder ask for the streams of each cell; the seed in force says whether there are any."""
    if session.recorder is not None:
        session.recorder.cell_streams = _begin


def go_on() -> None:
    """Let the seed in force go on after the extension was loaded anew: for later imports, each cell, and in reports."""
    seeding = session.seeding
    watch_imports()
    if seeding is None or session.recorder is None:
        return
    covered = [source for source in sources() if seeding.covers(source.name)]
    session.recorder.rebase({name: seeding.call for source in covered for name in source.states()})
    if seeding.per_cell:
        follow_cells()


def _begin(cell: CurrentCell, names: Tuple[str, ...]) -> Mapping[str, str]:
    """A cell begins: put the sources that it can reach into its streams."""
    seeding = session.seeding
    if seeding is None or not seeding.per_cell:
        return {}
    seeded: Dict[str, str] = {}
    for source in sources():
        if source.module in sys.modules and seeding.covers(source.name):
            source.seed(cell_seeds(seeding, cell.stream, source.name))
            seeded.update(dict.fromkeys(source.states(), seeding.call))
    if seeding.names is None and session.recorder is not None:
        seeded.update(dict.fromkeys(_reseed_held(seeding, cell, names), seeding.call))
    return seeded


def _reseed_held(seeding: Seeding, cell: CurrentCell, names: Tuple[str, ...]) -> Tuple[str, ...]:
    namespace = {} if session.recorder is None else session.recorder.namespace
    reached, objects = find(names, namespace, _BUDGET)
    if reached.truncated:
        warnings.warn(
            "this cell reaches more than is looked at, so some of its generators may not be in the cell's own streams",
            RuntimeWarning,
            stacklevel=2,
        )
    paths = tuple(path for path, held in reached.sources.items() if held.advances)
    for path in paths:
        reseeding(objects[path], cell_seeds(seeding, cell.stream, path, bits=64))()
    return paths
