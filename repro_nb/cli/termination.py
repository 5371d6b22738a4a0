"""SIGTERM and SIGHUP end the program as Ctrl-C does: tidily, and with what was finished."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["Termination"]


class Termination:
    """Turns the first request to end into `KeyboardInterrupt`, and remembers which it was.

    Attributes:
        exit_code: 128 and the signal's number, as shells report it; None while no signal came.
    """

    def __init__(self) -> None:
        self.exit_code: int | None = None

    def install(self) -> None:
        """Listens from now on; a signal that the caller had ignored, as ``nohup`` does, stays ignored.

        For the main thread alone.
        """
        for name in ("SIGTERM", "SIGHUP"):  # Windows lacks the second
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)

    def _end(self, number: int, _: FrameType | None) -> None:
        if self.exit_code is not None:
            return  # `timeout` sends it twice; the first is being seen to
        self.exit_code = 128 + number
        raise KeyboardInterrupt
