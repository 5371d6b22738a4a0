"""The edits: one kind each, in the order in which they are tried for a cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from repro_nb.rerun.fix.changes import KernelChange, Proposal
from repro_nb.rerun.fix.edits.clock import FixedDate, FixedSeed, IgnoredDuration
from repro_nb.rerun.fix.edits.edit import Edit
from repro_nb.rerun.fix.edits.entropy import SeedArgument, SeededGenerator
from repro_nb.rerun.fix.edits.folders import SortedListing
from repro_nb.rerun.fix.edits.hash_order import Checksum, OrderedPop, SortedSet
from repro_nb.rerun.fix.edits.kernels import PinnedKernel
from repro_nb.rerun.fix.edits.memory import Zeros
from repro_nb.rerun.fix.edits.names import FolderOnPath, MissingImport, MisspeltName, OtherCase
from repro_nb.rerun.fix.edits.order import EarlierDefinition, RecordedOrder
from repro_nb.rerun.fix.edits.removed import AppendedRow, NewName, PrintFunction
from repro_nb.rerun.fix.edits.shown import IgnoredMachine
from repro_nb.rerun.fix.edits.streams import CompiledSeed, RandomStateArgument, StreamSeed
from repro_nb.rerun.fix.edits.surroundings import (
    ExplicitEncoding,
    NamedZone,
    NeutralLocale,
    RelativePath,
    UniversalTime,
)
from repro_nb.rerun.fix.edits.threads import FixedCount, OneThread, OrderedResults

if TYPE_CHECKING:
    from repro_nb.rerun.fix.script import Script
    from repro_nb.rerun.result import Cause

__all__ = ["EDITS", "Edit", "proposals_for", "treatable_factors"]

EDITS: tuple[Edit, ...] = (
    RandomStateArgument(),
    StreamSeed(),
    CompiledSeed(),
    FixedSeed(),
    SeedArgument(),
    SeededGenerator(),
    OrderedPop(),
    Checksum(),
    SortedSet(),
    PinnedKernel(),
    SortedListing(),
    IgnoredDuration(),
    IgnoredMachine(),
    FixedDate(),
    NamedZone(),
    UniversalTime(),
    NeutralLocale(),
    ExplicitEncoding(),
    RelativePath(),
    Zeros(),
    OrderedResults(),
    FixedCount(),
    OneThread(),
    OtherCase(),
    MissingImport(),
    MisspeltName(),
    FolderOnPath(),
    RecordedOrder(),
    EarlierDefinition(),
    NewName(),
    AppendedRow(),
    PrintFunction(),
)


def treatable_factors() -> frozenset[str]:
    """Public names of the factors and diagnoses that there is an edit for."""
    return frozenset().union(*(edit.factors for edit in EDITS))


_TOGETHER = frozenset({"hash-seed", "os-entropy"})
"""Factors of which one line may hold several uses that take edits of different kinds."""


def proposals_for(cause: Cause, script: Script) -> tuple[Proposal, ...]:
    """Ways to treat a cause, in the order in which they are tried; empty where it needs a human."""
    return tuple(dict.fromkeys(_proposals(cause, script)))


def _proposals(cause: Cause, script: Script) -> Iterator[Proposal]:
    found = [edit.propose(cause, script) for edit in EDITS if cause.factor in edit.factors]
    kinds = [proposals for proposals in found if proposals]
    if cause.factor in _TOGETHER:
        firsts = [proposals[0] for proposals in kinds]
        yield from firsts
        yield from _together(firsts)
    for proposals in kinds:
        yield from proposals


def _together(firsts: Sequence[Proposal]) -> Iterator[Proposal]:
    """Edits of several kinds at once: one line may list a set, and hash a text."""
    texts = [
        each for each in firsts if not any(isinstance(part, KernelChange) for part in each.changes)
    ]
    if len(texts) > 1:
        changes = tuple(dict.fromkeys(part for each in texts for part in each.changes))
        yield Proposal(changes, "; ".join(each.why for each in texts))
