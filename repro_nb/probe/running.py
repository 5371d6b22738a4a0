"""A cell while it runs: what was seen when it began, and what it has changed when it ends."""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from repro_nb.records import EntropyUse, KeyUse, source_digest
from repro_nb.rng import States, sources
from repro_nb.rng.held import Held
from repro_nb.rng.reach import Reached, names_in
from repro_nb.rng.torch import initial_seed

__all__ = ["Changes", "CurrentCell", "GlobalStates", "Running", "States", "drew"]

_MAX_KEYS = 256
_MAX_ENTROPY = 64
_SHORT_DIGEST = 12
_SEED_LIMIT = 2**32
# Every twister's state is longer than this, and has nothing but words in between.
_TWISTER_BYTES = 2048
_WORDS = slice(64, _TWISTER_BYTES)


class CurrentCell(NamedTuple):
    """The cell that is running.

    Attributes:
        order: Which execution of the session it is, from 1.
        cell_id: As in its record.
        stream: What names the cell's own streams of random numbers.
        source_digest: As in its record.
    """

    order: int
    cell_id: str
    stream: str
    source_digest: str


class Changes(NamedTuple):
    """What a cell changed.

    Attributes:
        draws: Sources that advanced.
        appeared: Sources that were not there when the cell began.
        touched: Global sources that changed or appeared, seeded ones among them.
        touched_held: The same of those that the user holds.
        torch_seed: What torch's CPU stream was newly seeded with; None if it was not.
    """

    draws: Tuple[str, ...]
    appeared: Tuple[str, ...]
    touched: Tuple[str, ...]
    touched_held: Tuple[str, ...]
    torch_seed: Optional[int]


_NO_CHANGES = Changes((), (), (), (), None)


class GlobalStates:
    """Reads the states of all global streams, those that moved since the last time."""

    def __init__(self) -> None:
        self._last: States = {}
        self._parts: Dict[str, States] = {}
        self._glances: Dict[str, Any] = {}

    def read(self) -> States:
        """Raw states of the streams that exist now; the very mapping of the last time if nothing changed."""
        changed = False
        modules = sys.modules
        for source in sources():
            if source.module not in modules:
                continue
            glance = source.glance()
            if glance is not None and glance == self._glances.get(source.name):
                continue
            self._glances[source.name] = glance
            states = source.states()
            if states != self._parts.get(source.name):
                self._parts[source.name] = states
                changed = True
        if changed:
            self._last = {name: part[name] for part in self._parts.values() for name in part}
        return self._last


class Running:
    """A cell that has begun.

    Args:
        info: What the shell's events tell the cell by.
        order: Which execution of the session it is, from 1.

    Attributes:
        source: The cell's text.
        digest: Its `source_digest`.
        names: Every identifier in it.
        cell_id: The front end's, else made of order and digest.
        cell: The same, for others to know it by.
        started: When it began, in seconds of the performance counter.
        prints: Fingerprints when it began.
        between: Sources that advanced between the cell before and this one.
        truncated: The search for sources was cut short.
        reseeded: Sources that repro_nb itself set meanwhile, and by what call.
        entropy: What the system gave to generators that the cell made.
        fault: What the recorder failed with.
    """

    def __init__(self, info: Any, order: int) -> None:
        self.info = info
        self.order = order
        self.source: str = info.raw_cell or ""
        self.digest = source_digest(self.source)
        self.names = names_in(self.source)
        self.cell_id: str = (
            getattr(info, "cell_id", None) or f"{order}-{self.digest[:_SHORT_DIGEST]}"
        )
        stream = _stream_of(self.cell_id, self.digest)
        self.cell = CurrentCell(order, self.cell_id, stream, self.digest)
        self.started = 0.0
        self.prints: Mapping[str, Optional[str]] = {}
        self.between: Tuple[str, ...] = ()
        self.truncated = False
        self.reseeded: Dict[str, str] = {}
        self.fault: Optional[str] = None
        self._seen: States = {}
        self._base: States = {}
        self._held: Mapping[str, Held] = {}
        self._settled: List[str] = []
        self.entropy: List[EntropyUse] = []
        self._keys: List[KeyUse] = []
        self._more_keys = 0
        self._more_digest: Any = None

    def begin(self, states: States, reached: Reached, prints: Mapping[str, Optional[str]]) -> None:
        """Keep what is there when the cell begins."""
        self.prints = prints
        self.truncated = reached.truncated
        self._seen = states
        self._base = states
        self._held = reached.sources

    def joined(self, states: States) -> None:
        """A library was imported: its streams begin with these states."""
        self._base = {**states, **self._base}

    def newcomers(self, states: States) -> States:
        """Those of `states` whose streams were not there when the cell began."""
        return {name: state for name, state in states.items() if name not in self._seen}

    def imported(self, before: States, after: States) -> None:
        """A library was imported: what it drew meanwhile is no draw of the cell's."""
        moved = {
            name: state
            for name, state in after.items()
            if name not in before or self._base.get(name) == before[name]
        }
        self._base = {**self._base, **moved}

    def settle(self, states: States) -> None:
        """Note what has advanced so far, ahead of a `rebase`."""
        self._settled += [
            name for name, state in states.items() if self._base.get(name, state) != state
        ]

    def rebase(self, states: States, calls: Mapping[str, str]) -> None:
        """repro_nb itself set these streams: what comes counts from here."""
        self._base = {**self._base, **states}
        self.reseeded.update(calls)

    def key_used(self, function: str, key: str) -> None:
        """Note a key; the first ones by themselves, the many of a loop in one digest."""
        if len(self._keys) < _MAX_KEYS:
            self._keys.append(KeyUse(function, key))
            return
        if self._more_digest is None:
            self._more_digest = hashlib.blake2b(digest_size=16)
        self._more_keys += 1
        self._more_digest.update(f"{function} {key}\n".encode())

    def entropy_used(self, use: EntropyUse) -> None:
        """Note what the system gave; the first ones."""
        if len(self.entropy) < _MAX_ENTROPY:
            self.entropy.append(use)

    def key_uses(self) -> Tuple[KeyUse, ...]:
        """The keys in order; the last entry stands for all beyond a limit."""
        if not self._more_keys:
            return tuple(self._keys)
        rest = KeyUse(f"{self._more_keys} more", self._more_digest.hexdigest())
        return (*self._keys, rest)

    def changes(self, states: States, held: Mapping[str, Held]) -> Changes:
        """What is different now that the cell has ended."""
        same = states is self._base and states is self._seen
        if same and held == self._held and not self._settled:
            return _NO_CHANGES
        drawn, new, touched = self._global_changes(states)
        held_drawn, held_new, held_touched = self._held_changes(held)
        return Changes(
            draws=(*drawn, *held_drawn),
            appeared=(*new, *held_new),
            touched=tuple(touched),
            touched_held=tuple(held_touched),
            torch_seed=_new_seed(self._base.get("torch"), states.get("torch")),
        )

    def _global_changes(self, states: States) -> Tuple[List[str], List[str], List[str]]:
        drawn: List[str] = []
        new = [name for name, state in states.items() if _is_new(self._seen, name, state)]
        touched = list(new)
        for name, state in states.items():
            begun = self._base.get(name)
            moved = begun is not None and state is not None and begun != state
            if moved and name not in touched:
                touched.append(name)
            if name in self._settled or (moved and drew(name, begun, state)):
                drawn.append(name)
        return drawn, new, touched

    def _held_changes(self, held: Mapping[str, Held]) -> Tuple[List[str], List[str], List[str]]:
        drawn, new, touched = [], [], []
        states = {source.identity: source.state for source in self._held.values()}
        for path, source in held.items():
            begun = states.get(source.identity)
            if begun is None and source.state is not None:
                new.append(path)
                touched.append(path)
                if source.advances and source.was_drawn_from:
                    drawn.append(path)
            elif begun != source.state and source.advances:
                touched.append(path)
                if not source.is_fresh or _same_words(begun, source.state):
                    drawn.append(path)
        return drawn, new, touched


def _stream_of(cell_id: str, digest: str) -> str:
    """The front end's cell id; for a cell without one, its text, since a number would change from run to run."""
    _, separator, end = cell_id.rpartition("-")
    made_up = bool(separator) and len(end) >= _SHORT_DIGEST and digest.startswith(end)
    return f"source:{digest}" if made_up else cell_id


def _is_new(seen: States, name: str, state: Optional[bytes]) -> bool:
    """Whether a stream was not there, or had no state yet."""
    return name not in seen or (seen[name] is None and state is not None)


def drew(name: str, before: Optional[bytes], now: Optional[bytes]) -> bool:
    """Whether a stream that moved was drawn from: a seeding leaves it fresh, and with other words."""
    if not before or not now:
        return False
    return not _is_fresh(name, now) or _same_words(before, now)


def _same_words(before: Optional[bytes], now: Optional[bytes]) -> bool:
    """Whether two states of a twister hold the same words, so that its position alone has moved.

    numpy's own entropy leaves one word to hand out before the position is that of a fresh seeding.
    """
    if before is None or now is None or len(now) < _TWISTER_BYTES:
        return False
    return before[_WORDS] == now[_WORDS]


def _is_fresh(name: str, state: bytes) -> bool:
    library = name.partition(".")[0]
    return any(source.name == library and source.is_fresh(name, state) for source in sources())


def _new_seed(before: Optional[bytes], now: Optional[bytes]) -> Optional[int]:
    """The initial seed, if it changed to one that a user would choose: ``torch.seed()`` draws one of 53 bits."""
    if not before or not now or before == now or initial_seed(before) == initial_seed(now):
        return None
    seed = initial_seed(now)
    return seed if seed < _SEED_LIMIT else None
