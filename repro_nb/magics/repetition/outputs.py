"""What a run of a cell shows: noted in order, and shown at the same time, or not at all."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

__all__ = ["Output", "Tap"]

STREAMS = ("stdout", "stderr")
RESULT = "execute_result"


class Output(NamedTuple):
    """One output, as a front end gets it.

    Attributes:
        kind: ``stdout``, ``stderr``, ``display_data``, ``update_display_data``, ``execute_result``,
            ``clear_output`` or ``error``.
        data: What is shown, by mime type.
        metadata: What goes with it, by mime type.
        display: Which of the run's displays it makes or updates, from 0; -1 for one without an identifier.
    """

    kind: str
    data: Mapping[str, Any]
    metadata: Mapping[str, Any] = {}
    display: int = -1


class Tap:
    """Notes what is shown inside a ``with`` block: streams, displays, and the value of the last expression.

    It holds on to the very objects through which IPython shows things, so that handlers and libraries which keep a
    stream are seen as well. In a plain shell as in a kernel.

    Args:
        shell: The shell that shows things.
        live: Whether they are shown; if not, they are noted alone.

    Attributes:
        values: The value of the last expression; empty where there is none.
    """

    def __init__(self, shell: Any, *, live: bool) -> None:
        self.values: Tuple[Any, ...] = ()
        self._shell = shell
        self._live = live
        self._noted: List[Output] = []
        self._displays: Dict[str, int] = {}
        self._muted = False
        self._undo = ExitStack()

    @property
    def outputs(self) -> List[Output]:
        """The outputs in order; all that one stream was given is one of them, wherever other things came between.

        What a front end was told to clear is kept apart from what came after it.
        """
        merged: List[Output] = []
        streams: Dict[str, int] = {}
        for output in self._noted:
            place = streams.get(output.kind)
            if place is not None:
                text = merged[place].data["text/plain"] + output.data["text/plain"]
                merged[place] = Output(output.kind, {"text/plain": text})
                continue
            if output.kind in STREAMS:
                streams[output.kind] = len(merged)
            elif output.kind == "clear_output":
                streams.clear()
            merged.append(output)
        return merged

    def __enter__(self) -> Tap:  # noqa: PYI034 - typing.Self is younger than 3.9
        with ExitStack() as undo:
            self._install(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._undo.close()

    def _install(self, undo: ExitStack) -> None:
        streams = dict(zip(STREAMS, (sys.stdout, sys.stderr)))  # noqa: B905  strict= is younger than 3.9
        if sys.stdout is sys.stderr:
            del streams["stderr"]
        for name, stream in streams.items():
            _set(undo, stream, "write", self._writing(name, stream))
        publisher = self._shell.display_pub
        _set(undo, publisher, "publish", self._publishing(publisher.publish))
        _set(undo, publisher, "clear_output", self._clearing(publisher.clear_output))
        _set(undo, self._shell, "_showtraceback", self._failing(self._shell._showtraceback))  # noqa: SLF001  its one way to show an error, and the kernel's too
        _set(undo, sys, "displayhook", self._displaying(sys.displayhook))

    def _writing(self, name: str, stream: Any) -> Any:
        write = stream.write

        def noting(text: Any) -> Any:
            # A kernel brings what went past Python's streams later, in a thread of its own: nobody knows from where.
            if threading.current_thread() is getattr(stream, "watch_fd_thread", None):
                return write(text)
            if isinstance(text, str) and not self._muted:
                self._noted.append(Output(name, {"text/plain": text}))
            return write(text) if self._live or not isinstance(text, str) else len(text)

        return noting

    def _publishing(self, publish: Any) -> Any:
        def noting(data: Any, metadata: Any = None, **options: Any) -> None:
            kind = "update_display_data" if options.get("update") else "display_data"
            identifier = (options.get("transient") or {}).get("display_id")
            self._noted.append(Output(kind, data, metadata or {}, self._display(identifier)))
            self._pass_on(publish, data, metadata, **options)

        return noting

    def _display(self, identifier: Any) -> int:
        """Identifiers are drawn anew each time: the order in which they come says the same."""
        return (
            -1 if identifier is None else self._displays.setdefault(identifier, len(self._displays))
        )

    def _clearing(self, clear: Any) -> Any:
        def noting(wait: bool = False) -> None:
            self._noted.append(Output("clear_output", {}, {"wait": wait}))
            self._pass_on(clear, wait=wait)

        return noting

    def _failing(self, show: Any) -> Any:
        def noting(kind: Any, error: Any, trace: Any) -> None:
            text = f"{getattr(kind, '__name__', kind)}: {error}"
            self._noted.append(Output("error", {"text/plain": text}))
            self._pass_on(show, kind, error, trace)

        return noting

    def _displaying(self, hook: Any) -> Any:
        def noting(value: Any = None) -> None:
            if value is not None:
                self.values = (value,)
            if self._live:
                with ExitStack() as undo:
                    _set(undo, self._shell.displayhook, "compute_format_data", self._format)
                    self._pass_on(hook, value)
            elif value is not None and not self._shell.displayhook.quiet():
                self._format(value)

        return noting

    def _format(self, value: Any) -> Tuple[Any, Any]:
        """What the shell's own way to show a value asks for; here the user's ``__repr__`` runs, and may print."""
        muted, self._muted = self._muted, False
        try:
            data, metadata = self._shell.display_formatter.format(value)
        finally:
            self._muted = muted
        if data:
            self._noted.append(Output(RESULT, data, metadata or {}))
        return data, metadata

    def _pass_on(self, show: Any, *given: Any, **options: Any) -> None:
        """Show it, where it is to be shown; a plain shell does so by writing to the streams."""
        if not self._live:
            return
        muted, self._muted = self._muted, True
        try:
            show(*given, **options)
        finally:
            self._muted = muted


def _set(undo: ExitStack, target: Any, name: str, value: Any) -> None:
    """Give one object an attribute of its own, until `undo` is closed."""
    own = vars(target)
    if name in own:
        undo.callback(setattr, target, name, own[name])
    else:
        undo.callback(delattr, target, name)
    setattr(target, name, value)
