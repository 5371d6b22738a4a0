"""Finding the lines that draw from a stream: after each line of the user's code, the stream's state is glanced at.

Lines are followed in the notebook's cells and in the user's own modules alone; libraries run on as they are, but for
one look at each call. The innermost line of the notebook during which a state moved is what drew. Where something
traces already, a debugger or a coverage tool, nothing is done.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from repro_nb.probe.factors.uses import TIMED
from repro_nb.probe.running import drew
from repro_nb.rng import Source, sources
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses
    from repro_nb.rng import States

__all__ = ["DrawTrace"]

# A long computation is not to be slowed for long: what draws in a loop has been seen by then.
_MOST_LINES = 200_000
_IMPORTING = ("import ", "from ")

Trace = Callable[[FrameType, str, Any], Any]


class _Line(NamedTuple):
    """Where one thread is.

    Attributes:
        frame: The frame of a cell or of a user's module.
        line: The line in it that began last.
    """

    frame: FrameType
    line: int


class DrawTrace:
    """Notes the lines of the notebook that draw from streams, for the length of one cell.

    Args:
        uses: Where they are noted.
        streams: Names of the libraries whose streams are watched, such as ``numpy``.
        on_fault: Called with what the trace itself raised; it sees nothing more then.
    """

    def __init__(
        self, uses: Uses, streams: Sequence[str], on_fault: Callable[[Exception], None]
    ) -> None:
        wanted = {name.partition(".")[0] for name in streams}
        self._uses = uses
        self._on_fault = on_fault
        self._streams = [_Stream(source) for source in sources() if source.name in wanted]
        self._followed: Dict[CodeType, bool] = {}
        self._here = threading.local()
        self._noted: Set[Tuple[str, Optional[Tuple[CodeType, int]]]] = set()
        self._lines = 0
        self._begun = self._running = False

    def begin(self) -> None:
        """Begin to trace. Does nothing where something else traces."""
        if not self._streams or sys.gettrace() is not None or _thread_trace() is not None:
            return
        for stream in self._streams:
            stream.is_still(), stream.was_drawn_from()
        self._begun = self._running = True
        threading.settrace(self._called)
        sys.settrace(self._called)

    def end(self) -> None:
        """Stop; what was there before is there again: nothing."""
        if not self._begun:
            return
        self._begun = False
        # A debugger that the cell itself began stays.
        if _is_ours(sys.gettrace(), self):
            sys.settrace(None)
        if _is_ours(_thread_trace(), self):
            threading.settrace(None)
        if self._running:
            self._look()
        self._running = False
        self._here = threading.local()
        self._followed.clear()

    def _called(self, frame: FrameType, event: str, argument: Any) -> Optional[Trace]:  # noqa: ARG002 - a protocol's
        """A function is called, or a generator goes on: its lines are followed if they are the user's."""
        try:
            return self._follow(frame)
        except Exception as fault:  # noqa: BLE001 - it would be raised in the user's own line
            self._give_up(fault)
            return None

    def _stepped(self, frame: FrameType, event: str, argument: Any) -> Optional[Trace]:  # noqa: ARG002 - as above
        """A line begins, or the function is left."""
        try:
            return self._step(frame, left=event == "return")
        except Exception as fault:  # noqa: BLE001 - as above
            self._give_up(fault)
            return None

    def _give_up(self, fault: Exception) -> None:
        self._running = False
        self._on_fault(fault)

    def _follow(self, frame: FrameType) -> Optional[Trace]:
        if not self._running or not self._is_followed(frame):
            return None
        # What was drawn in the line that calls, before the call.
        self._look()
        self._here.at = None
        return self._stepped

    def _step(self, frame: FrameType, *, left: bool) -> Optional[Trace]:
        self._lines += 1
        if not self._running or self._lines > _MOST_LINES:
            self._running = False
            sys.settrace(None)  # in this thread; what a trace function gives does not end it
            return None
        self._look()
        self._here.at = self._outer(frame) if left else _Line(frame, frame.f_lineno)
        return self._stepped

    def _outer(self, frame: FrameType) -> Optional[_Line]:
        """The line of the user's that goes on when `frame` is left."""
        outer = frame.f_back
        while outer is not None and not self._is_followed(outer):
            outer = outer.f_back
        return None if outer is None else _Line(outer, outer.f_lineno)

    def _is_followed(self, frame: FrameType) -> bool:
        code = frame.f_code
        found = self._followed.get(code)
        if found is None:
            own = self._uses.cell_of(code.co_filename) is not None
            found = (
                own
                or code.co_filename in TIMED
                or _is_of_user(str(frame.f_globals.get("__name__")))
            )
            self._followed[code] = found
        return found

    def _look(self) -> None:
        """Find out whether anything was drawn since the last look, and note the line that this thread was in."""
        at: Optional[_Line] = getattr(self._here, "at", None)
        line = None if at is None else (at.frame.f_code, at.line)
        for stream in self._streams:
            if stream.is_still():
                continue
            # A loop draws in one line over and over: it is enough to see it once.
            if (
                (stream.name, line) not in self._noted
                and stream.was_drawn_from()
                and at is not None
            ):
                self._noted.add((stream.name, line))
                self._note(stream.name, at)

    def _note(self, stream: str, at: _Line) -> None:
        place = self._uses.place_of(*at, through_kernel=True)
        if place is not None and not place.code.startswith(_IMPORTING):
            self._uses.note(stream, "draw", place)


class _Stream:
    """The streams of one library, and what was seen of them last."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self._source = source
        self._glance: Any = None
        self._states: States = {}

    def is_still(self) -> bool:
        """Whether nothing has moved since the last look."""
        before, self._glance = self._glance, self._source.glance()
        return self._glance is not None and bool(self._glance == before)

    def was_drawn_from(self) -> bool:
        """Whether it was drawn from since this was asked last; a seeding is no draw."""
        before, self._states = self._states, self._source.states()
        return any(self._drew(name, before.get(name), now) for name, now in self._states.items())

    def _drew(self, name: str, before: Optional[bytes], now: Optional[bytes]) -> bool:
        if before is None and now is not None:
            # The very line that draws may be the one that loads the library, as numpy does with its streams.
            return not self._source.is_fresh(name, now)
        return before != now and drew(name, before, now)


def _is_of_user(module: str) -> bool:
    return module != "__main__" and is_user_module(module) and module in sys.modules


def _is_ours(trace: Any, tracer: DrawTrace) -> bool:
    return getattr(trace, "__self__", None) is tracer


def _thread_trace() -> Any:
    return getattr(threading, "_trace_hook", None)
