"""Going back in time: every source is put where it was at another moment of the session. Variables stay as they are."""

from __future__ import annotations

from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from repro_nb.errors import UsageError
from repro_nb.probe.session import session
from repro_nb.probe.timeline import HeldState, Moment
from repro_nb.rng import sources
from repro_nb.rng.held import Held
from repro_nb.rng.placing import restoring_at
from repro_nb.seeding.variables import held_by_variables

__all__ = ["Trip", "go_back", "undo"]


class Trip(NamedTuple):
    """What going back has done.

    Attributes:
        restored: Sources that are where they were.
        left: Sources that stayed as they are, with why.
    """

    restored: Tuple[str, ...]
    left: Mapping[str, str]


def go_back(order: int, *, after: bool = False) -> Trip:
    """Put every global stream, and every generator that variables hold, where it was when a cell began.

    Everything is checked before anything changes. `undo` takes it back.

    Args:
        order: Which execution of the session, from 1.
        after: Where they were when that cell ended.

    Raises:
        UsageError: Nothing is recorded, there was no such execution, or its states are no longer kept.
        RandomStateError: A source cannot be put back. Nothing was changed.
    """
    if session.recorder is None:
        raise UsageError("nothing is recorded here", hint="%load_ext repro_nb starts recording.")
    return _go(session.recorder.timeline.at(order, after=after))


def undo() -> Trip:
    """Take the last `go_back` back; done twice, it is done again.

    Raises:
        UsageError: There was none.
    """
    if session.undo is None:
        raise UsageError("there is nothing to undo")
    return _go(session.undo)


def _go(moment: Moment) -> Trip:
    recorder = session.recorder
    reached, objects = held_by_variables()
    steps, restored, left = _global_steps(moment)
    for path, was in _matched(moment, reached.sources).items():
        if was is None:
            left[path] = _why_unknown()
            continue
        steps.append(restoring_at(path, objects[path], was.kind, was.state))
        restored.append(path)
    now = _now(reached.sources)
    if recorder is not None:
        recorder.settle()
    for step in steps:
        step()
    if recorder is not None:
        recorder.rebase()
    session.undo = now
    return Trip(tuple(restored), left)


def _why_unknown() -> str:
    """Why nothing is known of a source that is here now."""
    records = session.recorder.records if session.recorder is not None else ()
    if any(record.truncated for record in records):
        return "made later, or among more than is looked at when a cell runs"
    return "made later"


def _global_steps(
    moment: Moment,
) -> Tuple[List[Callable[[], None]], List[str], Dict[str, str]]:
    """What puts the global streams back, their names in the order of reports, and those that stay, with why."""
    steps: List[Callable[[], None]] = []
    restored: List[str] = []
    left: Dict[str, str] = {}
    for source in sources():
        there = {
            name: state
            for name, state in moment.states.items()
            if name.partition(".")[0] == source.name
        }
        if there:
            steps.append(source.restoring(there))
            restored += there
        else:
            left.update(dict.fromkeys(source.states(), "its library was imported later"))
    return steps, restored, left


def _matched(moment: Moment, here: Mapping[str, Held]) -> Mapping[str, Optional[HeldState]]:
    """Where each source that is held now was then: the very object, else what the same expression reached."""
    by_path = {(was.path, was.kind): was for was in moment.held.values()}
    return {
        path: moment.held.get(held.identity) or by_path.get((path, held.kind))
        for path, held in here.items()
        if held.advances
    }


def _now(here: Mapping[str, Held]) -> Moment:
    states = {name: state for source in sources() for name, state in source.states().items()}
    held = {
        source.identity: HeldState(path, source.kind, source.state)
        for path, source in here.items()
        if source.advances and source.state is not None
    }
    return Moment(states, held)
