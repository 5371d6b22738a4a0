"""The outputs of a cell as a front end shows them: streams merged, displays updated, what was cleared gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.recording.compare.plain import as_text

__all__ = ["DISPLAY", "Slot", "shown_slots"]

DISPLAY = "display"


@dataclass(frozen=True)
class Slot:
    """One output as shown.

    Attributes:
        kind: ``stdout``, ``stderr``, ``error`` or ``display``.
        position: Its place among what the cell shows, from 0.
        data: What it shows, by mime type. A stream or an error has one entry, named by its kind.
    """

    kind: str
    position: int
    data: Mapping[str, Any]


def shown_slots(outputs: Iterable[Any]) -> tuple[Slot, ...]:
    """What is shown once all of `outputs` have arrived.

    Chunks of one stream are one slot, wherever they came, since the interleaving of two streams is a race. An update
    replaces the display of the same id in this cell; updates of other cells' displays belong to those.
    """
    page = _Page()
    for output in outputs:
        if isinstance(output, Mapping):
            page.take(output)
    return tuple(Slot(kind, position, data) for position, (kind, data) in enumerate(page.shown()))


class _Page:
    """What a cell shows while its outputs arrive."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, dict[str, Any]]] = []
        self._streams: dict[str, list[str]] = {}
        self._displays: dict[str, int] = {}
        self._clear_next = False

    def take(self, output: Mapping[str, Any]) -> None:
        kind = output.get("output_type")
        if kind == "clear_output":
            self._clear(wait=bool(output.get("wait")))
            return
        if self._clear_next:
            self._clear(wait=False)
        if kind == "stream":
            self._stream(output)
        elif kind == "update_display_data":
            self._update(output)
        elif kind == "error":
            self._entries.append(("error", {"error": output}))
        elif kind in ("display_data", "execute_result"):
            self._display(output)
        else:
            self._entries.append((DISPLAY, {"application/json": dict(output)}))

    def shown(self) -> list[tuple[str, dict[str, Any]]]:
        """Kind and data of every output, in order; empty streams show nothing."""
        shown = []
        for kind, data in self._entries:
            if kind in self._streams:
                text = "".join(self._streams[kind])
                if text:
                    shown.append((kind, {kind: text}))
            else:
                shown.append((kind, data))
        return shown

    def _clear(self, *, wait: bool) -> None:
        self._clear_next = wait
        if not wait:
            self._entries.clear()
            self._streams.clear()
            self._displays.clear()

    def _stream(self, output: Mapping[str, Any]) -> None:
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        if name not in self._streams:
            self._streams[name] = []
            self._entries.append((name, {}))
        self._streams[name].append(as_text(output.get("text", "")))

    def _display(self, output: Mapping[str, Any]) -> None:
        identifier = _display_id(output)
        if identifier:
            self._displays[identifier] = len(self._entries)
        self._entries.append((DISPLAY, _data(output)))

    def _update(self, output: Mapping[str, Any]) -> None:
        place = self._displays.get(_display_id(output))
        if place is not None:
            self._entries[place] = (DISPLAY, _data(output))


def _display_id(output: Mapping[str, Any]) -> str:
    transient = output.get("transient")
    identifier = transient.get("display_id") if isinstance(transient, Mapping) else None
    return "" if identifier is None else str(identifier)


def _data(output: Mapping[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    return {str(mime): value for mime, value in data.items()} if isinstance(data, Mapping) else {}
