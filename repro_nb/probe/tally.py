"""What is known of each source over the whole session: the table that ``%repro_seed`` shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Iterable, Mapping, Optional, Tuple

from repro_nb.probe.running import Changes, Running
from repro_nb.rng.held import Held

__all__ = ["SourceSummary", "Tally"]

_MAX_ROWS = 512
_KEYS = "jax"


@dataclass(frozen=True)
class SourceSummary:
    """One source, over the session.

    Attributes:
        name: As in the records.
        kind: Type of a source that the user holds; empty for a library's global stream.
        seeded: The call that seeded it, or the seed that its state tells of; None if neither was seen.
        unseeded: Whether it is certain that it was given no seed. What is neither `seeded` nor this is not known.
        draws: How many cells drew from it.
        last_draw_cell: Order of the last cell that drew.
        last_draw_cell_id: Id of that cell.
        fingerprint: Of its state when last seen; None while its device is not initialised.
    """

    name: str
    kind: str = ""
    seeded: Optional[str] = None
    unseeded: bool = False
    draws: int = 0
    last_draw_cell: Optional[int] = None
    last_draw_cell_id: Optional[str] = None
    fingerprint: Optional[str] = None


class Tally:
    """Counts draws by source, cell by cell."""

    def __init__(self) -> None:
        self._rows: Dict[str, SourceSummary] = {}
        self._identities: Dict[str, Tuple[int, int]] = {}
        self._seeds: Dict[str, Optional[str]] = {}

    def add_globals(self, names: Iterable[str]) -> None:
        """Global streams that exist from now on."""
        for name in names:
            self._rows.setdefault(name, _unseeded(name))

    def add_unwatched_keys(self) -> None:
        """This version of JAX does not let its keys be seen."""
        self._rows[_KEYS] = SourceSummary(_KEYS, "keys cannot be seen in this version of JAX")

    def seeded(self, calls: Mapping[str, Optional[str]]) -> None:
        """Sources that were seeded, with the call; None for one that was unseeded."""
        for name, call in calls.items():
            row = self._rows.get(name, SourceSummary(name))
            self._rows[name] = replace(row, seeded=call, unseeded=call is None)

    def seedings(self) -> Mapping[str, Tuple[Optional[str], bool]]:
        """Of each source, the call that seeded it, and whether it is certain that nothing did."""
        return {name: (row.seeded, row.unseeded) for name, row in self._rows.items()}

    def tell_again(self, seedings: Mapping[str, Tuple[Optional[str], bool]]) -> None:
        """Say of seedings what `seedings` gave; of global streams that came in since, that nothing seeded them."""
        for name, row in self._rows.items():
            if name in seedings:
                seeded, unseeded = seedings[name]
                self._rows[name] = replace(row, seeded=seeded, unseeded=unseeded)
            elif not row.kind:
                self._rows[name] = replace(row, seeded=None, unseeded=True)

    def cell(
        self,
        running: Running,
        changes: Changes,
        seeded: Mapping[str, Optional[str]],
        held: Mapping[str, Held],
        prints: Mapping[str, Optional[str]],
    ) -> None:
        """A cell has ended."""
        if changes.touched:
            self._drop_pending(prints)
            self.add_globals(changes.touched)
        for path, source in held.items():
            if source.advances:
                self._see(path, source, prints[path])
        # `torch.Generator()` and `default_rng(None or 3)` look unseeded; the state knows better.
        told = {name for name, source in held.items() if source.seed is not None}
        self.seeded(
            {
                name: call
                for name, call in seeded.items()
                if name in self._rows and (call is not None or name not in told)
            }
        )
        keys = (_KEYS,) if running.key_uses() else ()
        if keys:
            self._rows.setdefault(_KEYS, SourceSummary(_KEYS, "explicit keys", "by each key"))
        for name in _seeded_unseen(changes, seeded, held):
            self._rows[name] = replace(self._rows[name], seeded=None, unseeded=False)
        for name in (*changes.draws, *keys):
            self._drew(name, running)

    def rows(self, prints: Mapping[str, Optional[str]]) -> Tuple[SourceSummary, ...]:
        """Every source, the global ones first, with their fingerprints as they are now."""
        fresh = [
            replace(self._rows.get(name, _unseeded(name)), fingerprint=prints[name])
            for name in prints
        ]
        return (*fresh, *(row for name, row in self._rows.items() if name not in prints))

    def _see(self, path: str, source: Held, fingerprint: Optional[str]) -> None:
        row = self._rows.get(path)
        if row is None or self._identities.get(path) != source.identity:
            self._make_room()
            row = SourceSummary(path, source.kind, source.seed)
            self._identities[path] = source.identity
        elif source.seed != self._seeds.get(path):  # seeded anew, by whatever call
            row = replace(row, seeded=source.seed, unseeded=False)
        self._seeds[path] = source.seed
        if row.fingerprint != fingerprint or row is not self._rows.get(path):
            self._rows[path] = replace(row, fingerprint=fingerprint)

    def _make_room(self) -> None:
        if len(self._identities) >= _MAX_ROWS:
            oldest = next(iter(self._identities))
            del self._identities[oldest], self._seeds[oldest]
            self._rows.pop(oldest, None)

    def _drop_pending(self, prints: Mapping[str, Optional[str]]) -> None:
        """``torch.cuda`` has given way to its devices."""
        for name in [row for row in self._rows if row not in prints and row == "torch.cuda"]:
            del self._rows[name]

    def _drew(self, name: str, running: Running) -> None:
        row = self._rows[name]
        self._rows[name] = replace(
            row,
            draws=row.draws + 1,
            last_draw_cell=running.order,
            last_draw_cell_id=running.cell_id,
        )


def _unseeded(name: str) -> SourceSummary:
    """A library's global stream, which begins without a seed."""
    return SourceSummary(name, unseeded=True)


def _seeded_unseen(
    changes: Changes, seeded: Mapping[str, Optional[str]], held: Mapping[str, Held]
) -> Tuple[str, ...]:
    """Sources that stand as a seeding leaves them, by a call that was not found: a method's, or a library's."""
    known = {*changes.draws, *changes.appeared, *seeded}
    known.update(path for path, source in held.items() if source.origin or source.seed)
    return tuple(name for name in (*changes.touched, *changes.touched_held) if name not in known)
