"""What a comparator is, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from repro_nb.recording.compare.excerpt import excerpts
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.outcome import Outcome

__all__ = ["IDENTICAL", "Comparator", "Verdict", "different", "equivalent"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one piece of output compares with its counterpart.

    Attributes:
        outcome: Identical, equivalent or different.
        reason: One sentence that says why; empty for identical.
        expected: Readable text of the expected side; empty for identical.
        actual: Readable text of the other side.
        expected_image: The expected picture as base64 PNG, where there is one.
        actual_image: The other picture.
        difference_image: A heat map of where the two differ, as base64 PNG.
    """

    outcome: Outcome
    reason: str = ""
    expected: str = ""
    actual: str = ""
    expected_image: str | None = None
    actual_image: str | None = None
    difference_image: str | None = None


IDENTICAL = Verdict(outcome=Outcome.IDENTICAL)


class Comparator(Protocol):
    """Compares outputs of one family of mime types.

    One instance serves every comparison, so it keeps no state. Others add theirs through the entry point group
    ``repro_nb.comparators``, whose entries name an instance.
    """

    @property
    def mime_types(self) -> tuple[str, ...]:
        """The mime types it serves, in lower case."""
        ...

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare two values of ``output["data"][mime]``, which are not known to be equal.

        `exact` is seen to by the caller. Values may be of any type: outputs come from files that nobody checked.
        """
        ...


def equivalent(reason: str, expected: str = "", actual: str = "") -> Verdict:
    """An `Outcome.EQUIVALENT` verdict with both texts cut to what a reader needs."""
    return _with_excerpts(Outcome.EQUIVALENT, reason, expected, actual)


def different(reason: str, expected: str = "", actual: str = "") -> Verdict:
    """An `Outcome.DIFFERENT` verdict with both texts cut to what a reader needs."""
    return _with_excerpts(Outcome.DIFFERENT, reason, expected, actual)


def _with_excerpts(outcome: Outcome, reason: str, expected: str, actual: str) -> Verdict:
    shown_expected, shown_actual = excerpts(expected, actual)
    return Verdict(outcome=outcome, reason=reason, expected=shown_expected, actual=shown_actual)
