"""What makes repro_nb seed, watch, capture and restore the stream of `lehmer`; it does not import that."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any

from repro_nb.errors import RandomStateError

_STATE = struct.Struct("=q")


class LehmerSource:
    """The stream behind `lehmer.draw`."""

    name = "lehmer"
    module = "lehmer"
    seed_functions = ("lehmer.seed",)
    limits = ""

    def glance(self) -> Any:
        """What differs whenever the state does; empty while the library is not loaded."""
        lehmer = sys.modules.get(self.module)
        return () if lehmer is None else (lehmer._state[0],)

    def states(self) -> Mapping[str, bytes | None]:
        """The state as bytes."""
        lehmer = sys.modules.get(self.module)
        return {} if lehmer is None else {self.name: _STATE.pack(lehmer._state[0])}

    def is_fresh(self, name: str, state: bytes) -> bool:
        """False: a seeding leaves nothing by which it could be told."""
        del name, state
        return False

    def seed(self, seed: int) -> None:
        """Set the stream as the library does."""
        lehmer = sys.modules.get(self.module)
        if lehmer is not None:
            lehmer.seed(seed)

    def restoring(self, states: Mapping[str, bytes | None]) -> Callable[[], None]:
        """Check the state, and give what puts it back."""
        state = states.get(self.name)
        if state is None or len(state) != _STATE.size:
            raise RandomStateError("these bytes are no state of lehmer's", where=self.name)
        (value,) = _STATE.unpack(state)
        return lambda: sys.modules[self.module]._state.__setitem__(0, value)


class ClashingSource(LehmerSource):
    """A source that takes a name which is taken."""

    name = "numpy"


class UnfinishedSource:
    """A source that lacks most of what one needs."""

    name = "unfinished"
