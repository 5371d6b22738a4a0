"""What deterministic modes hold in this process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator, List

from repro_nb.deterministic.held import HELD
from repro_nb.deterministic.layers import Layers, write

if TYPE_CHECKING:
    from repro_nb.deterministic.context import DeterministicContext

__all__ = ["Active", "active"]


class Active:
    """What is held in this process.

    Attributes:
        layers: Values that deterministic modes hold.
        threads: Numbers of threads that limits hold.
        enabled: Modes that are on for the rest of the session, the newest last.
    """

    def __init__(self) -> None:
        self.layers = _layers()
        self.threads = Layers("while the number of threads was limited")
        self.enabled: List[DeterministicContext] = []

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Every mode off for the length of a block, and every setting as it was after it.

        Modes that the block itself enables end with it, and so does what it sets by hand: this is for
        measurements, which leave no trace. Limits of threads stay.
        """
        layers, enabled = self.layers, self.enabled
        with layers.lifted():
            before = [(knob, knob.read()) for knob in HELD if knob.exists]
            self.layers, self.enabled = _layers(), []
            try:
                yield
            finally:
                inside, left_on = self.layers, self.enabled
                # The block may have ended some of those that it found.
                self.layers, self.enabled = layers, [one for one in enabled if one.is_on]
                inside.drop()
                for context in left_on:
                    context.restore()
                for knob, value in reversed(before):
                    write(knob, value)


def _layers() -> Layers:
    return Layers("in deterministic mode")


active = Active()
"""The one global of this package: the settings are those of the process, so what they were before is so too."""
