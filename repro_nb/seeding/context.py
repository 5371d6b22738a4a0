"""A seed for the length of a block, after which every stream goes on where it was."""

from __future__ import annotations

import warnings
from typing import List, Mapping, Optional

from repro_nb.deterministic.decorating import BlockDecorator
from repro_nb.errors import UsageError
from repro_nb.probe.session import Seeding, session
from repro_nb.rng import States, sources
from repro_nb.rng.capture import capture, restore
from repro_nb.seeding.domain import checked_seed
from repro_nb.seeding.everywhere import apply_seeding, let_go, seed_source

__all__ = ["SeedContext"]


class _Before:
    """What was there when a block began."""

    def __init__(self) -> None:
        self.seeding: Optional[Seeding] = session.seeding
        self.waiting: Mapping[str, States] = dict(session.waiting_states)
        self.watched = session.seed_watch is not None
        self.told = None if session.recorder is None else session.recorder.seedings()
        self.captured = capture()

    def bring_back(self) -> None:
        """Put everything where it was; libraries that came in meanwhile, where an import now would put them."""
        session.seeding = self.seeding
        restore(self.captured)
        known = self.captured.states
        newcomers = [source for source in sources() if source.name not in known and source.states()]
        session.waiting_states = dict(self.waiting)
        if session.recorder is not None:
            session.recorder.rebase()  # what was drawn inside is given back, and no draw
            if self.told is not None:
                session.recorder.tell_again(self.told)
        for source in newcomers:
            waiting = session.waiting_states.pop(source.name, None)
            own = session.unseeded_states.get(source.name) if waiting is None else waiting
            if own is not None:
                source.restoring(own)()
            if waiting is None:
                seed_source(source)
        if not self.watched:
            let_go()
        if session.recorder is not None:
            session.recorder.rebase()


class SeedContext(BlockDecorator):
    """Seed every global stream inside a ``with`` block, and put all of them back where they were after it.

    They are put back exactly, also when the block raises, when blocks are nested, when no seed was set before, and
    when a framework is imported inside: that one is then as if it had been imported after the block. Works as a
    decorator of functions too. Generators that the block's code holds by itself are left alone: no seed reaches them.

    The streams belong to the process: blocks of tasks or threads that overlap in time draw from each other's. When the
    last of them ends everything is where it was before the first, and a warning tells of it.

    Args:
        seed: An integer from 0 to 2**32 - 1. None seeds nothing: the block draws from the streams as they are, and
            what it drew is given back.

    Raises:
        UsageError: `seed` is no such integer.
    """

    def __init__(self, seed: Optional[int] = None) -> None:
        self.seed = None if seed is None else checked_seed(seed)
        self._before: List[_Before] = []

    def __enter__(self) -> SeedContext:  # noqa: PYI034 - typing.Self is younger than 3.9
        if session.recorder is not None:
            session.recorder.settle()
        before = _Before()
        self._before.append(before)
        session.blocks.append(before)
        if self.seed is not None:
            session.waiting_states = {}
            apply_seeding(Seeding(self.seed, call=f"SeedContext({self.seed})"))
        return self

    def __exit__(self, *exception: object) -> None:
        if not self._before:
            raise UsageError("this block has ended already", where="SeedContext")
        before = self._before.pop()
        position = session.blocks.index(before)
        del session.blocks[position]
        if position == len(session.blocks):
            before.bring_back()
            return
        # The block that began next goes on; what was before this one is for it to bring back.
        vars(session.blocks[position]).update(vars(before))
        warnings.warn(
            "SeedContext blocks overlapped, in threads or tasks: they have drawn from each other's streams",
            RuntimeWarning,
            stacklevel=2,
        )
