"""The hook: a record of every cell that a shell runs.

Before and after each cell the raw states of all sources are compared; they are hashed only when they changed. The
hook keeps no reference to an object of the user's while a cell runs, and draws nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from repro_nb.imports import ImportBracket, ImportWatch
from repro_nb.probe.entropy import EntropyWatch
from repro_nb.probe.facts import (
    advanced,
    advanced_held,
    error_of,
    unseeded_origins,
    with_hidden_draws,
)
from repro_nb.probe.jax_keys import KeyWatch
from repro_nb.probe.prints import Printer
from repro_nb.probe.running import Changes, CurrentCell, GlobalStates, Running, States
from repro_nb.probe.seeding_calls import SeedingCalls
from repro_nb.probe.tally import SourceSummary, Tally
from repro_nb.probe.timeline import Timeline
from repro_nb.records import JAX, KEY_MAKER, CellRecord, EntropyUse
from repro_nb.rng import Source, sources
from repro_nb.rng.held import Held
from repro_nb.rng.reach import reach
from repro_nb.rng.usercode import is_installed

if TYPE_CHECKING:
    from repro_nb.probe.witness import Witness

__all__ = ["CellStreams", "CurrentCell", "Recorder", "Seedings", "SourceSummary"]

_MAX_CODE = 200


Seedings = Tuple[Mapping[str, Tuple[Optional[str], bool]], List[Dict[str, str]]]
"""What is told of seedings at one moment."""

CellStreams = Callable[[CurrentCell, Tuple[str, ...]], Mapping[str, str]]
"""Puts the sources that a cell's names reach into streams of its own; gives the call for each of them."""


class Recorder:
    """Makes a `CellRecord` of every cell that is run.

    Args:
        namespace: The user's variables.
        on_record: Called with each record as it is made. What it raises is told in the next record.
        witness: Sees what else a rerun is to tell of each cell; None in a live session.

    Attributes:
        records: Every record so far, in the order in which the cells ended.
        namespace: The user's variables.
        timeline: The states at the beginning and the end of each cell.
        cell_streams: Called before each cell, where each shall have streams of its own; else None.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        on_record: Optional[Callable[[CellRecord], None]] = None,
        witness: Optional[Witness] = None,
    ) -> None:
        self.records: List[CellRecord] = []
        self.namespace = namespace
        self.timeline = Timeline()
        self.cell_streams: Optional[CellStreams] = None
        self._on_record = on_record
        self._witness = witness
        self._events: Any = None
        self._imports = ImportWatch()
        self._bracket = ImportBracket(
            is_installed, self._guarded(self._begin_import), self._guarded(self._end_import)
        )
        self._states = GlobalStates()
        self._keys = KeyWatch(self._key_used, self._failed)
        self._entropy = EntropyWatch(self._entropy_used, self._failed)
        self._stack: List[Running] = []
        self._order = 0
        self._tally = Tally()
        self._last_states: States = {}
        self._last_held: Mapping[str, Held] = {}
        self._printer = Printer()
        self._lost: Optional[str] = None
        self._sees = True
        self._texts: Dict[str, int] = {}

    def attach(self, events: Any) -> None:
        """Begin to record the cells that `events` tells of.

        Args:
            events: IPython's ``ip.events``, or any object with its ``register`` and ``unregister``.
        """
        self._events = events
        for source in sources():
            if not source.states():
                self._imports.when_imported(
                    source.module, self._guarded(partial(self._imported, source))
                )
        self._imports.when_imported("jax.random", self._guarded(self._watch_keys))
        self._imports.when_imported(
            "numpy.random.bit_generator", self._guarded(self._watch_entropy)
        )
        self._imports.install()
        self._bracket.install()
        self._last_states = self._states.read()
        self._tally.add_globals(self._last_states)
        events.register("pre_run_cell", self._before_cell)
        events.register("post_run_cell", self._after_cell)

    def detach(self) -> None:
        """Stop recording and leave no trace; the records stay. Does nothing when not attached."""
        if self._events is None:
            return
        self._events.unregister("pre_run_cell", self._before_cell)
        self._events.unregister("post_run_cell", self._after_cell)
        self._events = None
        self._bracket.uninstall()
        self._imports.uninstall()
        self._keys.uninstall()
        self._entropy.uninstall()
        self._stack.clear()

    def rebase(self, seeded: Optional[Mapping[str, str]] = None) -> None:
        """Take the states as they are now for the beginning: repro_nb itself has changed them.

        Args:
            seeded: Sources that were seeded, and by what call. Other sources keep their beginning. None means
                every source, and no seeding.
        """
        now = self._states.read()
        changed = {
            name: state for name, state in now.items() if seeded is None or _entry(seeded, name)
        }
        calls = {name: _entry(seeded or {}, name) for name in changed}
        self._last_states = {**self._last_states, **changed}
        if seeded is None:
            self._last_held = {}
        for running in self._stack:
            running.rebase(changed, {name: call for name, call in calls.items() if call})
            self.timeline.joined(running.newcomers(changed))
        self._tally.seeded({name: call for name, call in calls.items() if call})

    def seedings(self) -> Seedings:
        """What is told of seedings now: of each source in all, and of the running cells."""
        return self._tally.seedings(), [dict(running.reseeded) for running in self._stack]

    def tell_again(self, seedings: Seedings) -> None:
        """Tell of seedings what was told when `seedings` gave this; of streams that came in since, nothing."""
        rows, of_cells = seedings
        self._tally.tell_again(rows)
        for running, calls in zip(self._stack, of_cells):  # noqa: B905 - `strict` is newer than Python 3.9
            running.reseeded = calls

    def settle(self) -> None:
        """Note the draws of the running cells up to now, before repro_nb itself changes a state."""
        now = self._states.read()
        for running in self._stack:
            running.settle(now)

    def current(self) -> Optional[CurrentCell]:
        """The innermost cell that is running now; None between cells."""
        if not self._stack:
            return None
        return self._stack[-1].cell

    def key_made(self, name: str, key: str) -> None:
        """Note a JAX key that repro_nb made in the running cell.

        Args:
            name: What it was made for.
            key: Its fingerprint.
        """
        self._key_used(f"{KEY_MAKER}({name!r})", key)

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Note neither keys nor entropy inside the block: the cell's code runs once more, and is taken back."""
        seeing, self._sees = self._sees, False
        try:
            yield
        finally:
            self._sees = seeing

    def summary(self) -> Tuple[SourceSummary, ...]:
        """What is known of each source: the global ones as they are now, then those that the user holds."""
        return self._tally.rows(self._printer.prints(self._states.read(), {}))

    def _before_cell(self, info: Any) -> None:
        self._order += 1
        running = Running(info, self._order)
        running.fault, self._lost = self._lost, None
        self._stack.append(running)
        try:
            self._look_before(running)
        except Exception as fault:  # noqa: BLE001 - IPython would print it and go on; the record shall tell
            running.fault = _words_of(fault)
        running.started = perf_counter()

    def _after_cell(self, result: Any) -> None:
        seconds = perf_counter()
        running = self._pop(result.info)
        if running is None:
            return  # an empty cell, or the one that loaded the extension
        if self._witness is not None:
            running.fault = self._witness.end() or running.fault
        facts: Dict[str, Any] = {}
        try:
            facts = self._look_after(running)
        except Exception as fault:  # noqa: BLE001 - as above
            running.fault = _words_of(fault)
        error = error_of(result)
        record = CellRecord(
            cell_id=running.cell_id,
            order=running.order,
            source_digest=running.digest,
            status="failed" if error else "ok",
            seconds=seconds - running.started,
            error=error,
            recorder_error=running.fault,
            **facts,
        )
        self.records.append(record)
        self._hand_on(record)

    def _hand_on(self, record: CellRecord) -> None:
        if self._on_record is None:
            return
        try:
            self._on_record(record)
        except Exception as fault:  # noqa: BLE001 - a full disk is no business of the user's cell
            self._lost = f"the record of execution {record.order} was lost: {_words_of(fault)}"

    def _failed(self, fault: Exception) -> None:
        """Note a fault of the recorder's own in the midst of a cell, whose code shall not notice."""
        for running in self._stack:
            running.fault = _words_of(fault)

    def _guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, made to note what it raises and to give None then."""

        def guarded(*given: Any) -> Any:
            try:
                return call(*given)
            except Exception as fault:  # noqa: BLE001 - it would be printed into the user's cell
                self._failed(fault)
                return None

        return guarded

    def _pop(self, info: Any) -> Optional[Running]:
        """Take the cell off the stack, with those above it that were torn down without an end."""
        for depth, running in enumerate(self._stack):
            if running.info is info:
                del self._stack[depth:]
                return running
        return None

    def _look_before(self, running: Running) -> None:
        states = self._states.read()
        reached = reach(running.names, self.namespace)
        # Within another cell, that one's draws would seem to lie between; and before the first cell the kernel itself
        # may draw: IPython so chooses the tip in its banner.
        if len(self._stack) == 1 and self.records:
            running.between = (
                *advanced(self._last_states, states),
                *advanced_held(self._last_held, reached.sources),
            )
        if len(self._stack) == 1 and self.cell_streams is not None:
            self._tell_apart(running)
            running.reseeded.update(self.cell_streams(running.cell, running.names))
            self._tally.seeded(running.reseeded)
            states, reached = self._states.read(), reach(running.names, self.namespace)
        prints = self._printer.prints(states, reached.sources)
        if self._witness is not None:
            self._witness.begin(running.cell_id, running.source)
        running.begin(states, reached, prints)
        self.timeline.begin(running.order, states, reached.sources, prints)

    def _tell_apart(self, running: Running) -> None:
        """Give cells of one text streams of their own, where the front end sends no ids."""
        if running.cell.stream != running.cell_id:
            self._texts[running.digest] = count = self._texts.get(running.digest, 0) + 1
            stream = f"{running.cell.stream}:{count}"
            running.cell = running.cell._replace(stream=stream)

    def _look_after(self, running: Running) -> Dict[str, Any]:
        states = self._states.read()
        reached = reach(running.names, self.namespace)
        changes = running.changes(states, reached.sources)
        after = self._printer.prints(states, reached.sources)
        self._last_states, self._last_held = states, reached.sources
        self.timeline.end(running.order, states, reached.sources, after)
        calls = self._calls(running, changes)
        seeded = self._seeded(running, changes, calls)
        if calls is not None:
            changes = with_hidden_draws(changes, calls)
        self._tally.cell(running, changes, seeded, reached.sources, after)
        keys = running.key_uses()
        return {
            "before": running.prints,
            "after": after,
            "draws": (*changes.draws, JAX) if keys else changes.draws,
            "between": running.between,
            "appeared": changes.appeared,
            "seeded": {name: call for name, call in seeded.items() if call is not None},
            "keys": keys,
            "kinds": self._printer.kinds,
            "entropy": tuple(running.entropy),
            "origins": unseeded_origins(changes, seeded, reached.sources),
            **self._witnessed(running),
            "truncated": running.truncated or reached.truncated,
        }

    def _witnessed(self, running: Running) -> Dict[str, Any]:
        """What the witness of a rerun saw of the cell."""
        if self._witness is None:
            return {}
        return {
            "uses": self._witness.uses(),
            "values": self._witness.values(running.names, self.namespace),
        }

    def _calls(self, running: Running, changes: Changes) -> Optional[SeedingCalls]:
        """The cell's code, if it changed a source."""
        if not changes.touched and not changes.touched_held:
            return None
        return SeedingCalls(running.source, self.namespace, sources())

    @staticmethod
    def _seeded(
        running: Running, changes: Changes, calls: Optional[SeedingCalls]
    ) -> Dict[str, Optional[str]]:
        """Sources that a call in the cell seeded, with the call; None for one that it unseeded."""
        seeded: Dict[str, Optional[str]] = dict(running.reseeded)
        if calls is not None:
            seeded.update(calls.of_globals(changes.touched))
            seeded.update(calls.of_held(changes.touched_held))
        if changes.torch_seed is not None:
            seeded.setdefault("torch", f"initial seed {changes.torch_seed}")
        return seeded

    def _imported(self, source: Source, _: object) -> None:
        """A library came in while a cell runs: its draws count from here."""
        states = source.states()
        self._last_states = {**self._last_states, **states}
        self._tally.add_globals(states)
        for running in self._stack:
            running.joined(states)
            self.timeline.joined(states)

    def _begin_import(self) -> States:
        return self._states.read() if self._stack else {}

    def _end_import(self, before: Optional[States]) -> None:
        states = self._states.read() if self._stack else {}
        if before is not None and states is not before:
            for running in self._stack:
                running.imported(before, states)

    def _watch_keys(self, _: object) -> None:
        if not self._keys.install():
            self._tally.add_unwatched_keys()

    def _watch_entropy(self, _: object) -> None:
        self._entropy.install()

    def _entropy_used(self, line: int, code: str, entropy: int) -> None:
        for running in self._stack if self._sees else ():
            running.entropy_used(EntropyUse(line, code[:_MAX_CODE], hex(entropy)))

    def _key_used(self, function: str, key: str) -> None:
        for running in self._stack if self._sees else ():
            running.key_used(function, key)


def _words_of(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def _entry(seeded: Mapping[str, str], name: str) -> Optional[str]:
    """The call that `seeded` gives for a stream, by its own name or its library's."""
    return seeded.get(name, seeded.get(name.partition(".")[0]))
