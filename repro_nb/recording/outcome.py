"""How a comparison ends: the words that every report uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["CellComparison", "Outcome", "OutputComparison", "worst"]


class Outcome(StrEnum):
    """How one output, or one cell, compares. Members are ordered from best to worst."""

    IGNORED = "ignored"
    """Not compared, because the notebook or the user said so."""
    IDENTICAL = "identical"
    """The same to the bit."""
    EQUIVALENT = "equivalent"
    """The same within tolerance, or after normalising what never repeats (addresses, timings, …)."""
    DIFFERENT = "different"
    MISSING = "missing"
    """Expected, and not there."""
    EXTRA = "extra"
    """There, and not expected."""

    @property
    def agrees(self) -> bool:
        """Whether the two sides count as the same result."""
        return self in (Outcome.IGNORED, Outcome.IDENTICAL, Outcome.EQUIVALENT)


_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


def worst(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The worst of `outcomes`; None when there are none."""
    return max(outcomes, key=_RANK.__getitem__, default=None)


@dataclass(frozen=True, kw_only=True)
class OutputComparison:
    """One output of a cell, compared with its counterpart.

    Attributes:
        outcome: How it ended.
        output: Position among the cell's outputs, from 0, after streams were merged.
        kind: What was compared: ``stdout``, ``stderr``, ``error``, or the mime type that decided, such as
            ``image/png``.
        reason: One sentence that says why it ended so: "2 of 40 numbers differ by more than rtol 1e-06; the
            largest relative difference is 0.0021, in line 4". Empty for identical.
        expected: Readable text of the expected side, for a diff; a description for an image.
        actual: The same of the other side.
        expected_image: The expected picture as base64 PNG, where the output is one.
        actual_image: The other picture.
        difference_image: A heat map of where the two differ, as base64 PNG.
    """

    outcome: Outcome
    output: int
    kind: str
    reason: str = ""
    expected: str = ""
    actual: str = ""
    expected_image: str | None = None
    actual_image: str | None = None
    difference_image: str | None = None


@dataclass(frozen=True, kw_only=True)
class CellComparison:
    """All outputs of one cell, compared."""

    outputs: tuple[OutputComparison, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The worst outcome; None for a cell without outputs on either side."""
        return worst(output.outcome for output in self.outputs)

    @property
    def agrees(self) -> bool:
        """Whether every output counts as the same result."""
        return all(output.outcome.agrees for output in self.outputs)
