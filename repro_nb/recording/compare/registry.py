"""Which comparator serves which mime type."""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from repro_nb.recording.compare.images import ImageComparator
from repro_nb.recording.compare.markup import MarkupComparator
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text, is_text
from repro_nb.recording.compare.streams import ErrorComparator, StreamComparator, WidgetComparator
from repro_nb.recording.compare.structured import JsonComparator
from repro_nb.recording.compare.text import TextComparator
from repro_nb.recording.compare.verdict import IDENTICAL, Comparator, Verdict, different

__all__ = ["GROUP", "comparator_for"]

GROUP = "repro_nb.comparators"
"""Entry point group of comparators that other packages add."""

_LOG = logging.getLogger(__name__)


class _ByteComparator:
    """What nobody knows: equal to the byte, or different."""

    mime_types: tuple[str, ...] = ()

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        if is_text(expected) and is_text(actual):
            left, right = as_text(expected), as_text(actual)
            return (
                IDENTICAL
                if left == right
                else different("the bytes of a type without a comparator differ", left, right)
            )
        return JsonComparator().compare(expected, actual, options)


_TEXT, _JSON, _BYTES = TextComparator(), JsonComparator(), _ByteComparator()
_BUILT_IN: dict[str, Comparator] = {
    mime: comparator
    for comparator in (
        _TEXT,
        _JSON,
        MarkupComparator(),
        ImageComparator(),
        StreamComparator(),
        ErrorComparator(),
        WidgetComparator(),
    )
    for mime in comparator.mime_types
}


def comparator_for(mime: str) -> Comparator:
    """The comparator of a mime type: a built-in one, else a plug-in, else what its family says, else bytes."""
    mime = mime.lower().partition(";")[0].strip()
    return _BUILT_IN.get(mime) or _plug_ins().get(mime) or _of_family(mime)


def _of_family(mime: str) -> Comparator:
    if mime.endswith("+json"):
        return _JSON
    return _TEXT if mime.startswith("text/") else _BYTES


@cache
def _plug_ins() -> dict[str, Comparator]:
    """Comparators of other packages, by mime type; read once, when the first unknown type is met, as it takes 70 ms."""
    found: dict[str, Comparator] = {}
    for entry in entry_points(group=GROUP):
        try:
            comparator: Comparator = entry.load()
            found.update({mime.lower(): comparator for mime in comparator.mime_types})
        except Exception:  # noqa: BLE001 - a broken plug-in of another package must not end a run; it is logged
            _LOG.exception("the comparator plug-in %s cannot be loaded", entry.name)
    return found
