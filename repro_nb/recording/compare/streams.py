"""Standard output, standard error, exceptions and widgets: outputs that are compared in a way of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text
from repro_nb.recording.compare.terminal import render, strip_colours
from repro_nb.recording.compare.text import compare_text
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict, different, equivalent
from repro_nb.recording.outcome import Outcome

__all__ = ["ErrorComparator", "StreamComparator", "WidgetComparator"]


class StreamComparator:
    """Standard output and standard error, as a terminal shows them in the end."""

    mime_types: tuple[str, ...] = ("stdout", "stderr")

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare what is left once carriage returns, backspaces, cursor movements and colours are resolved."""
        raw = as_text(expected), as_text(actual)
        left, right = (render(text) for text in raw)
        if left != right:
            return compare_text(left, right, options)
        return (
            IDENTICAL if raw[0] == raw[1] else equivalent("shown alike by a terminal", left, right)
        )


class ErrorComparator:
    """Exceptions: their type, and their message as text.

    Tracebacks hold execution counts, addresses and the line numbers of library code. They are not compared: where they
    alone differ the outputs are equivalent.
    """

    mime_types: tuple[str, ...] = ("error",)

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare two ``error`` outputs."""
        names = _field(expected, "ename"), _field(actual, "ename")
        messages = _field(expected, "evalue"), _field(actual, "evalue")
        shown = [f"{name}: {message}" for name, message in zip(names, messages, strict=True)]
        if names[0] != names[1]:
            return different(f"expected {names[0]}, got {names[1]}", *shown)
        verdict = compare_text(*messages, options)
        if verdict.outcome is not Outcome.IDENTICAL:
            make = equivalent if verdict.outcome.agrees else different
            return make(f"message of the {names[0]}: {verdict.reason}", *shown)
        if _field(expected, "traceback") == _field(actual, "traceback"):
            return IDENTICAL
        return equivalent("only the tracebacks differ, which are not compared", *shown)


class WidgetComparator:
    """References to widgets: the model's id is random, and its state is not part of the output."""

    mime_types: tuple[str, ...] = ("application/vnd.jupyter.widget-view+json",)

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:  # noqa: ARG002 - the protocol's signature
        """Two references are equivalent; what the widgets show is compared through their text/plain twin."""
        if not (isinstance(expected, Mapping) and isinstance(actual, Mapping)):
            return different("not a widget reference", as_text(expected), as_text(actual))
        if expected == actual:
            return IDENTICAL
        return equivalent("the id of a widget is random; its text/plain twin is compared")


def _field(output: Any, name: str) -> str:
    value = output.get(name, "") if isinstance(output, Mapping) else ""
    return strip_colours(as_text(value))
