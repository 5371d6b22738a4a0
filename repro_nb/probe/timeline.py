"""The states of every source at the beginning and the end of each cell: what going back in time needs.

States are kept once each, under their fingerprint, and within a budget: the oldest go first, and cells whose states
are gone can no longer be gone back to. A cell that changes nothing costs next to nothing.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from repro_nb.errors import UsageError
from repro_nb.rng import States
from repro_nb.rng.held import Held

__all__ = ["HeldState", "Moment", "Timeline"]

_MAX_BYTES = 64 * 2**20
_MAX_POINTS = 50_000
_MAX_HELD = 20_000
_NEVER = -1

Prints = Mapping[str, Optional[str]]
Identity = Tuple[int, int]


class HeldState(NamedTuple):
    """Where a source that the user holds was.

    Attributes:
        path: The expression that reached it.
        kind: Its type, as in `Held`.
        state: Its state.
    """

    path: str
    kind: str
    state: bytes


class Moment(NamedTuple):
    """The random state at one moment.

    Attributes:
        states: States of the global streams, by name.
        held: Those of the sources that variables held, by their identity.
    """

    states: States
    held: Mapping[Identity, HeldState]


class _Sighting(NamedTuple):
    """A held source, as a cell reached it."""

    path: str
    kind: str
    fingerprint: str


class _Point(NamedTuple):
    """A moment at which something was different from the one before.

    Attributes:
        is_end: Whether it is the end of a cell, and not the beginning of one.
        prints: Fingerprints of the global streams.
        held: What the cell reached, and had not seen like this before.
    """

    is_end: bool
    prints: Prints
    held: Mapping[Identity, _Sighting]


class Timeline:
    """Keeps the states, cell by cell.

    Args:
        max_bytes: How much the states may take in all.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._states: OrderedDict[str, bytes] = OrderedDict()
        self._points: List[_Point] = []
        self._dropped = 0
        self._starts = array("l", [_NEVER])  # by order, which counts from 1
        self._ends = array("l", [_NEVER])
        self._seen: Optional[Prints] = None
        self._first: Dict[str, Optional[bytes]] = {}
        self._latest: OrderedDict[Identity, _Sighting] = OrderedDict()
        self._before: Dict[Identity, _Sighting] = {}  # the points that were dropped

    def joined(self, states: States) -> None:
        """Streams came in while a cell ran: where they begin counts for every moment before that."""
        self._first.update(states)

    def begin(self, order: int, states: States, held: Mapping[str, Held], prints: Prints) -> None:
        """A cell begins: the states of the global streams, what its names reach, and the fingerprints of both."""
        if prints is not self._seen:
            self._note(False, states, held, prints)
        _put(self._starts, order, self._dropped + len(self._points) - 1)

    def end(self, order: int, states: States, held: Mapping[str, Held], prints: Prints) -> None:
        """A cell has ended."""
        if prints is not self._seen:
            self._note(True, states, held, prints)
        _put(self._ends, order, self._dropped + len(self._points) - 1)

    def at(self, order: int, *, after: bool) -> Moment:
        """The random state when the execution `order` began, or ended.

        Streams of a library that was imported later are where they began. Sources that variables held count where they
        were seen last before that moment; one that was first seen when a later cell began was there already, and has
        not moved.

        Raises:
            UsageError: There was no such execution, or its states are no longer kept.
        """
        where = self._ends if after else self._starts
        index = where[order] if 0 < order < len(where) else _NEVER
        if index == _NEVER:
            raise UsageError(f"there is no execution {order} that was recorded and has ended")
        index -= self._dropped
        if index < 0:
            raise _no_longer_kept(order)
        point = self._points[index]
        try:
            states = {
                name: None if fingerprint is None else self._states[fingerprint]
                for name, fingerprint in point.prints.items()
            }
            held = {
                identity: HeldState(seen.path, seen.kind, self._states[seen.fingerprint])
                for identity, seen in self._held_at(index).items()
            }
        except KeyError:
            raise _no_longer_kept(order) from None
        later = {name: state for name, state in self._first.items() if name not in states}
        return Moment({**states, **later}, held)

    def _held_at(self, index: int) -> Dict[Identity, _Sighting]:
        found: Dict[Identity, _Sighting] = {}
        for point in reversed(self._points[: index + 1]):
            _add_missing(found, point.held)
        _add_missing(found, self._before)
        made_later: Dict[Identity, _Sighting] = {}
        for point in self._points[index + 1 :]:
            if point.is_end:
                _add_missing(made_later, point.held)
            else:
                old = {name: seen for name, seen in point.held.items() if name not in made_later}
                _add_missing(found, old)
        return found

    def _note(self, is_end: bool, states: States, held: Mapping[str, Held], prints: Prints) -> None:
        """Something is different from the last time; else the recorder gives the very mapping of then."""
        self._seen = prints
        self._add(self._point(is_end, states, held, prints))
        self._keep(_with_states(states, held, prints), prints)

    def _point(
        self, is_end: bool, states: States, held: Mapping[str, Held], prints: Prints
    ) -> _Point:
        seen: Dict[Identity, _Sighting] = {}
        for path, source in held.items():
            if source.advances and source.state is not None:
                sighting = _Sighting(path, source.kind, prints[path] or "")
                if self._latest.get(source.identity) != sighting:
                    seen[source.identity] = sighting
                self._latest[source.identity] = sighting
                self._latest.move_to_end(source.identity)
        while len(self._latest) > _MAX_HELD:
            self._latest.popitem(last=False)
        streams = {name: prints[name] for name in states} if held else prints
        return _Point(is_end, streams, seen)

    def _add(self, point: _Point) -> None:
        self._points.append(point)
        if len(self._points) > _MAX_POINTS:
            half = len(self._points) // 2
            for dropped in self._points[:half]:
                self._before.update(dropped.held)
            del self._points[:half]
            self._dropped += half
            kept = self._latest.keys()
            self._before = {name: seen for name, seen in self._before.items() if name in kept}

    def _keep(self, states: Iterable[Tuple[str, bytes]], prints: Prints) -> None:
        for fingerprint, state in states:
            if fingerprint in self._states:
                self._states.move_to_end(fingerprint)
            else:
                self._states[fingerprint] = state
                self._bytes += len(state)
        current = set(prints.values())
        while self._bytes > self._max_bytes:
            oldest = next(iter(self._states))
            if oldest in current:
                return
            self._bytes -= len(self._states.pop(oldest))


def _put(indices: array[int], order: int, index: int) -> None:
    if order == len(indices):
        indices.append(index)
        return
    # Cells within cells end before those around them.
    indices.extend([_NEVER] * (order + 1 - len(indices)))
    indices[order] = index


def _no_longer_kept(order: int) -> UsageError:
    return UsageError(
        f"the states of execution {order} are no longer kept",
        hint="The oldest are given up when all take more than 64 MiB, or after some tens of thousands of cells.",
    )


def _with_states(
    states: States, held: Mapping[str, Held], prints: Prints
) -> Iterable[Tuple[str, bytes]]:
    read = {**states, **{path: source.state for path, source in held.items()}}
    for name, state in read.items():
        fingerprint = prints[name]
        if state is not None and fingerprint is not None:
            yield fingerprint, state


def _add_missing(found: Dict[Identity, _Sighting], more: Mapping[Identity, _Sighting]) -> None:
    for identity, seen in more.items():
        found.setdefault(identity, seen)
