"""Two examined notebooks side by side: which cells differ, and what may explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from repro_nb.recording.align import CellKey, align
from repro_nb.recording.compare import CompareOptions, compare_outputs
from repro_nb.recording.environment_diff import (
    EnvironmentDifference,
    Facts,
    compare_facts,
    facts_of,
)
from repro_nb.recording.outcome import CellComparison, Outcome
from repro_nb.recording.payloads import unshrink
from repro_nb.recording.recording import RecordedSource, Recording

__all__ = ["CellDiff", "NotebookDiff", "Side", "SideCell", "SourceDifference", "diff_sides"]


@dataclass(frozen=True, kw_only=True)
class SideCell:
    """One code cell of one side.

    Attributes:
        key: What it is recognised by.
        source: Its text; empty where the side is a recording, which keeps the digest alone.
        status: ``ok``, ``failed``, ``not-run``, or empty where it is not known.
        outputs: Its outputs in nbformat 4's form.
        sources: States of the random sources it drew from; None where they were not recorded.
    """

    key: CellKey
    source: str = ""
    status: str = ""
    outputs: tuple[Mapping[str, Any], ...] = ()
    sources: Mapping[str, RecordedSource] | None = None


@dataclass(frozen=True, kw_only=True)
class Side:
    """A recording or an executed notebook, as far as it can be compared.

    Attributes:
        name: Its path, as the user gave it.
        cells: Its code cells, in document order.
        facts: Its environment by group; empty where it is not known.
    """

    name: str
    cells: tuple[SideCell, ...]
    facts: Facts = field(default_factory=dict)

    @classmethod
    def of_recording(cls, recording: Recording, name: str) -> Side:
        """The side that `recording` describes."""
        return cls(
            name=name,
            facts=facts_of(recording.environment),
            cells=tuple(
                SideCell(
                    key=CellKey(cell.id, cell.source_digest),
                    status=cell.status,
                    outputs=cell.outputs,
                    sources=cell.sources,
                )
                for cell in recording.cells
            ),
        )


@dataclass(frozen=True, kw_only=True)
class SourceDifference:
    """A source of random numbers that a cell used differently on the two sides.

    Attributes:
        name: The source.
        what: How it differs, as a few words: "drawn in A only", "other state before the cell".
    """

    name: str
    what: str


@dataclass(frozen=True, kw_only=True)
class CellDiff:
    """One cell on both sides.

    Attributes:
        left: Index over the left side's code cells, from 0; None when the cell is on the right alone.
        right: The same of the right side.
        id: The cell's id, the left one where both have one.
        source: Its text, where a side keeps it.
        source_changed: The text differs between the sides.
        statuses: What became of it on either side; empty where it is not known.
        comparison: Its outputs compared; None when it is on one side alone.
        sources: Random sources that were used differently.
    """

    left: int | None
    right: int | None
    id: str
    source: str = ""
    source_changed: bool = False
    statuses: tuple[str, str] = ("", "")
    comparison: CellComparison | None = None
    sources: tuple[SourceDifference, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """How the cell ends: missing on the right, extra on the right, or the worst of its outputs."""
        if self.left is None:
            return Outcome.EXTRA
        if self.right is None or self.comparison is None:
            return Outcome.MISSING
        if "" not in self.statuses and len(set(self.statuses)) > 1:
            return Outcome.DIFFERENT
        return self.comparison.outcome

    @property
    def agrees(self) -> bool:
        """Whether both sides have the cell, and came to the same results in it."""
        return self.outcome is None or self.outcome.agrees


@dataclass(frozen=True, kw_only=True)
class NotebookDiff:
    """Two sides compared.

    Attributes:
        name: What they have in common: the relative path in two folders, else the two names.
        left: Name of the left side; None when the notebook is on the right alone.
        right: Name of the right side.
        cells: Every cell of either side, in document order.
        environment: What differs in the environment, the likeliest cause first.
        environment_known: Both sides say what they ran in.
    """

    name: str
    left: str | None
    right: str | None
    cells: tuple[CellDiff, ...] = ()
    environment: tuple[EnvironmentDifference, ...] = ()
    environment_known: bool = False

    @property
    def first(self) -> CellDiff | None:
        """The first cell whose results differ."""
        return next((cell for cell in self.cells if not cell.agrees), None)

    @property
    def first_state(self) -> CellDiff | None:
        """The first cell in which a random source was used differently, whatever the results."""
        return next((cell for cell in self.cells if cell.sources), None)

    @property
    def agrees(self) -> bool:
        """Whether both sides exist, and every cell came to the same results."""
        return None not in (self.left, self.right) and self.first is None


def diff_sides(
    left: Side, right: Side, options: CompareOptions | None = None, name: str | None = None
) -> NotebookDiff:
    """Compares two sides cell by cell; cells are matched by id, else by their text."""
    chosen = options or CompareOptions()
    pairs = align([cell.key for cell in left.cells], [cell.key for cell in right.cells])
    return NotebookDiff(
        name=name or f"{left.name} … {right.name}",
        left=left.name,
        right=right.name,
        cells=tuple(_diff_cell(left, right, i, j, chosen) for i, j in pairs),
        environment=compare_facts(left.facts, right.facts),
        environment_known=bool(left.facts and right.facts),
    )


def _diff_cell(
    left: Side, right: Side, i: int | None, j: int | None, options: CompareOptions
) -> CellDiff:
    ours = None if i is None else left.cells[i]
    theirs = None if j is None else right.cells[j]
    if ours is None or theirs is None:
        only = ours or theirs
        return CellDiff(
            left=i, right=j, id=only.key.id if only else "", source=only.source if only else ""
        )
    return CellDiff(
        left=i,
        right=j,
        id=ours.key.id,
        source=theirs.source or ours.source,
        source_changed=ours.key.source_digest != theirs.key.source_digest,
        statuses=(ours.status, theirs.status),
        comparison=_compare(ours.outputs, theirs.outputs, options),
        sources=_diff_sources(ours.sources, theirs.sources),
    )


def _compare(
    left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]], options: CompareOptions
) -> CellComparison:
    # Either side may be a recording that kept the digest of a large payload alone.
    return compare_outputs(unshrink(left, right), unshrink(right, left), options)


def _diff_sources(
    left: Mapping[str, RecordedSource] | None, right: Mapping[str, RecordedSource] | None
) -> tuple[SourceDifference, ...]:
    if left is None or right is None:
        return ()
    return tuple(
        SourceDifference(name=name, what=what)
        for name in sorted({*left, *right})
        if (what := _how_differs(left.get(name), right.get(name)))
    )


def _how_differs(left: RecordedSource | None, right: RecordedSource | None) -> str:
    if left is None or right is None:
        return f"drawn in {'A' if right is None else 'B'} only"
    if left.floating or right.floating:
        one_side = "A" if left.floating else "B"
        return (
            ""
            if left.floating and right.floating
            else f"differs from run to run in {one_side} only"
        )
    if left.before != right.before:
        return "another state before the cell"
    return "" if left.after == right.after else "another state after the cell"
