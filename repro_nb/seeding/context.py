"""A seed for the length of a block, after which every stream goes on where it was."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import List, NamedTuple, Optional

from repro_nb.probe.session import Seeding, session
from repro_nb.rng import sources
from repro_nb.rng.capture import Captured, capture, restore
from repro_nb.seeding.domain import checked_seed
from repro_nb.seeding.everywhere import apply_seeding, let_go, seed_source

__all__ = ["SeedContext"]


class _Before(NamedTuple):
    """What was there when a block began."""

    seeding: Optional[Seeding]
    captured: Captured
    watched: bool


class SeedContext(ContextDecorator):
    """Seed every global stream inside a ``with`` block, and put all of them back where they were after it.

    They are put back exactly, also when the block raises, when blocks are nested, when no seed was set before, and
    when a framework is imported inside: that one is then as if it had been imported after the block. Works as a
    decorator too. Generators that the block's code holds by itself are left alone: no seed reaches them.

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
        self._before.append(_Before(session.seeding, capture(), session.seed_watch is not None))
        if self.seed is not None:
            apply_seeding(Seeding(self.seed, call=f"SeedContext({self.seed})"))
        return self

    def __exit__(self, *exception: object) -> None:
        before = self._before.pop()
        session.seeding = before.seeding
        restore(before.captured)
        self._place_newcomers(before)
        if not before.watched:
            let_go()
        if session.recorder is not None:
            session.recorder.rebase()

    @staticmethod
    def _place_newcomers(before: _Before) -> None:
        """Put the libraries that the block imported where an import after the block would have put them."""
        known = before.captured.states
        for source in sources():
            if source.name in known or not source.states():
                continue
            own = session.unseeded_states.get(source.name)
            if own is not None:
                source.restoring(own)()
            seed_source(source)
