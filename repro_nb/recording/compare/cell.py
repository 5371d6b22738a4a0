"""All outputs of one cell, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from repro_nb.recording.compare.alignment import Pair, align
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text, is_text
from repro_nb.recording.compare.registry import comparator_for
from repro_nb.recording.compare.slots import Slot, shown_slots
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict, different
from repro_nb.recording.outcome import CellComparison, Outcome, OutputComparison, worst

__all__ = ["compare_outputs", "ignore_outputs"]

_WIDGET = "application/vnd.jupyter.widget-view+json"
_RICHEST_FIRST = ("image/", "text/html", "application/", "text/latex", "text/markdown", "")
_PRIVATE_TO_A_FRONT_END = "application/vnd.google.colaboratory."
"""Notes of one front end to itself, which no other kernel sends."""

Outputs = Sequence[Mapping[str, Any]]


def compare_outputs(
    expected: Outputs, actual: Outputs, options: CompareOptions | None = None
) -> CellComparison:
    """Compare the outputs of one cell with what was expected.

    Args:
        expected: Outputs of nbformat 4, as dictionaries.
        actual: The others. ``clear_output`` and ``update_display_data`` are followed as a front end would.
        options: How strictly to compare.

    Returns:
        One comparison for each output that either side shows.
    """
    options = options or CompareOptions()
    pairs = align(shown_slots(expected), shown_slots(actual))
    return CellComparison(outputs=tuple(_pair(pair, options) for pair in pairs))


def ignore_outputs(expected: Outputs, actual: Outputs, reason: str) -> CellComparison:
    """What `compare_outputs` would compare, each left uncompared for `reason`."""
    pairs = align(shown_slots(expected), shown_slots(actual))
    return CellComparison(outputs=tuple(_ignored(pair, reason) for pair in pairs))


def _pair(pair: Pair, options: CompareOptions) -> OutputComparison:
    expected, actual = pair
    if options.ignore_stderr and "stderr" in (expected or actual or _NOTHING).kind:
        return _ignored(pair, "standard error is not compared")
    if expected is None or actual is None:
        return _alone(pair)
    kind, verdict = _strict(*_bundle(expected, actual, options), options)
    return OutputComparison(
        outcome=verdict.outcome,
        output=expected.position,
        kind=kind,
        reason=verdict.reason,
        expected=verdict.expected,
        actual=verdict.actual,
        expected_image=verdict.expected_image,
        actual_image=verdict.actual_image,
        difference_image=verdict.difference_image,
    )


_NOTHING = Slot("", 0, {})


def _ignored(pair: Pair, reason: str) -> OutputComparison:
    slot = pair[0] or pair[1] or _NOTHING
    return OutputComparison(
        outcome=Outcome.IGNORED, output=slot.position, kind=_kind(slot), reason=reason
    )


def _alone(pair: Pair) -> OutputComparison:
    """An output that only one side has."""
    expected, actual = pair
    slot = expected or actual or _NOTHING
    kind = _kind(slot)
    shown = different("", _text_of(slot)).expected
    image = as_text(slot.data[kind]) if kind == "image/png" else None
    missing = actual is None
    return OutputComparison(
        outcome=Outcome.MISSING if missing else Outcome.EXTRA,
        output=slot.position,
        kind=kind,
        reason=f"{kind} was expected, and is not there" if missing else f"{kind} was not expected",
        expected=shown if missing else "",
        actual="" if missing else shown,
        expected_image=image if missing else None,
        actual_image=None if missing else image,
    )


def _bundle(expected: Slot, actual: Slot, options: CompareOptions) -> tuple[str, Verdict]:
    """Compare every mime type of one output; the richest of those with the worst outcome decides."""
    mimes = _by_richness({*_compared(expected), *_compared(actual)})
    verdicts = {mime: _mime(mime, expected.data, actual.data, options) for mime in mimes}
    outcome = worst(verdict.outcome for verdict in verdicts.values())
    if _captures_output(expected) and outcome is not None and outcome.agrees:
        return _WIDGET, Verdict(
            outcome=Outcome.IGNORED, reason="what an Output widget captured is not compared"
        )
    for mime, verdict in verdicts.items():
        if verdict.outcome is outcome:
            return mime, verdict
    return expected.kind, IDENTICAL


def _captures_output(slot: Slot) -> bool:
    """Whether a widget holds outputs of its own: all that is there to compare is its empty shell."""
    return _WIDGET in slot.data and "Output(" in as_text(slot.data.get("text/plain", "Output("))


def _compared(slot: Slot) -> list[str]:
    return [mime for mime in slot.data if not mime.startswith(_PRIVATE_TO_A_FRONT_END)]


def _mime(
    mime: str, expected: Mapping[str, Any], actual: Mapping[str, Any], options: CompareOptions
) -> Verdict:
    if mime not in actual:
        return different(
            f"{mime} was expected, and is not there; there is {_listed(actual)}",
            _shown(mime, expected),
        )
    if mime not in expected:
        return different(
            f"{mime} was not expected; expected was {_listed(expected)}", "", _shown(mime, actual)
        )
    left, right = expected[mime], actual[mime]
    if is_text(left) and is_text(right) and as_text(left) == as_text(right):
        return IDENTICAL
    try:
        return comparator_for(mime).compare(left, right, options)
    except Exception as error:  # noqa: BLE001 - outputs may hold anything; what cannot be compared is told, and fails no run
        return different(f"could not be compared: {type(error).__name__}: {error}")


def _strict(kind: str, verdict: Verdict, options: CompareOptions) -> tuple[str, Verdict]:
    if options.exact and verdict.outcome is Outcome.EQUIVALENT:
        reason = f"identical was asked for: {verdict.reason}"
        verdict = replace(verdict, outcome=Outcome.DIFFERENT, reason=reason)
    return kind, verdict


def _by_richness(mimes: set[str]) -> list[str]:
    def rank(mime: str) -> tuple[int, str]:
        if mime == "text/plain":
            return len(_RICHEST_FIRST), mime
        return next(i for i, prefix in enumerate(_RICHEST_FIRST) if mime.startswith(prefix)), mime

    return sorted(mimes, key=rank)


def _kind(slot: Slot) -> str:
    """The name of what a slot shows: its richest mime type."""
    return next(iter(_by_richness(set(_compared(slot)))), slot.kind)


def _listed(data: Mapping[str, Any]) -> str:
    return ", ".join(sorted(data)) or "nothing"


def _shown(mime: str, data: Mapping[str, Any]) -> str:
    return f"({mime})" if mime.startswith("image/") else as_text(data[mime])


def _text_of(slot: Slot) -> str:
    """What a reader sees of a slot: its plain text, or the name of what it shows."""
    for mime in (slot.kind, "text/plain"):
        if mime in slot.data:
            return _error_text(slot.data[mime]) if mime == "error" else as_text(slot.data[mime])
    return f"({_kind(slot)})"


def _error_text(error: Any) -> str:
    return f"{as_text(error.get('ename', ''))}: {as_text(error.get('evalue', ''))}"
