"""Cells in another order: the recorded one, or one in which what a cell needs is there before it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from repro_nb.rerun.dataflow import definitions_in, imported, statements_of, with_called
from repro_nb.rerun.fix.changes import Move, Proposal
from repro_nb.rerun.fix.script import Script
from repro_nb.rerun.result import Cause

__all__ = ["EarlierDefinition", "RecordedOrder"]

_UNDEFINED = re.compile(r"\b(\w+) is defined only in a later cell")


class RecordedOrder:
    """The order in which the cells ran when their outputs were saved, as far as cells depend on one another."""

    factors = frozenset({"cell-order", "missing-name"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:  # noqa: ARG002 - one order for all causes
        """The fewest cells moved."""
        if sum(count is not None for count in script.counts) < 2:  # noqa: PLR2004  an order takes two
            return []
        moves = _moves(_recorded_order(script))
        why = "moves the cell to where it ran when the outputs were saved"
        return [Proposal(moves, why)] if moves else []


class EarlierDefinition:
    """The cell that defines a name, or writes a file, in front of the one that needs it."""

    factors = frozenset({"missing-name", "missing-file"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The first later cell that does so, with what it needs itself."""
        later = range(cause.cell + 1, len(script.cells))
        makes = _writes if cause.factor == "missing-file" else _defines
        maker = next((cell for cell in later if makes(script, cause, cell)), None)
        if maker is None:
            return []
        # A name that both bind, such as that of a loop, is no reason: whether it is one the rerun tells.
        needed = _needed_with(script, maker, cause.cell) - {cause.cell}
        moves = tuple(Move(cell, cause.cell) for cell in sorted(needed))
        what = "writes the file" if cause.factor == "missing-file" else "defines the name"
        return [Proposal(moves, f"moves the cell that {what} above the one that needs it")]


def _recorded_order(script: Script) -> list[int]:
    """Cells in the order that is recorded where two depend on one another, else as they stand."""
    cells = range(len(script.cells))
    facts = [_Touches(script, cell) for cell in cells]

    def ran_before(one: int, other: int) -> bool:
        first, second = script.counts[one], script.counts[other]
        if first is None or second is None:
            return one < other
        return first < second

    waiting = list(cells)
    order: list[int] = []
    while waiting:
        free = (
            cell
            for cell in waiting
            if not any(
                ran_before(other, cell) and facts[cell].meets(facts[other])
                for other in waiting
                if other != cell
            )
        )
        chosen = next(free, waiting[0])
        waiting.remove(chosen)
        order.append(chosen)
    return order


class _Touches:
    """Which names a cell writes, and which it touches at all."""

    def __init__(self, script: Script, cell: int) -> None:
        statements = statements_of(script.cells[cell].source)
        self.unknown = statements is None
        known = statements or ()
        modules = imported(script.sources)
        definitions = definitions_in(
            each for source in script.sources for each in statements_of(source) or ()
        )
        self.writes = {name for each in known for name in each.binds | (each.changes - modules)}
        read = {name for each in known for name in each.uses | each.later | each.changes}
        self.touches = self.writes | with_called(read, definitions)

    def meets(self, other: _Touches) -> bool:
        """Whether it matters which of the two comes first."""
        if self.unknown or other.unknown:
            return True
        return bool(self.writes & other.touches or self.touches & other.writes)


def _moves(order: Sequence[int]) -> tuple[Move, ...]:
    """The fewest moves that make `order` of cells that stand in ascending order."""
    staying = _longest_ascending(order)
    moves: list[Move] = []
    following: int | None = None
    for cell in reversed(order):
        if cell not in staying:
            moves.append(Move(cell, following))
        following = cell
    return tuple(moves)


def _longest_ascending(order: Sequence[int]) -> set[int]:
    best: list[list[int]] = []
    for cell in order:
        before = [run for run in best if run[-1] < cell]
        best.append([*_longest(before), cell])
    return set(_longest(best))


def _longest(runs: Sequence[list[int]]) -> list[int]:
    return next((run for run in runs if all(len(run) >= len(other) for other in runs)), [])


def _defines(script: Script, cause: Cause, cell: int) -> bool:
    found = _UNDEFINED.search(cause.evidence)
    names = {found[1]} if found else _undefined(script, cause.cell)
    bound = {name for each in statements_of(script.cells[cell].source) or () for name in each.binds}
    return bool(bound & names)


def _undefined(script: Script, cell: int) -> set[str]:
    """Names that a cell needs and that no cell up to it binds."""
    before = [each for source in script.sources[:cell] for each in statements_of(source) or ()]
    own = statements_of(script.cells[cell].source) or ()
    known = {name for each in (*before, *own) for name in each.binds}
    read = {name for each in own for name in each.uses | each.later}
    return with_called(read, definitions_in(before)) - known


def _writes(script: Script, cause: Cause, cell: int) -> bool:
    """Whether a cell names the file that is missing, and writes files."""
    text = script.cells[cell]
    wanted = {
        node.value
        for node in script.cells[cause.cell].nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value
    }
    named = {node.value for node in text.nodes() if isinstance(node, ast.Constant)}
    return (
        bool(wanted & named)
        and re.search(r"[\"'][wax]b?[\"']|write|save|dump|to_\w+\(", text.source) is not None
    )


def _needed_with(script: Script, maker: int, before: int) -> set[int]:
    """`maker`, and the cells from `before` on that it depends on."""
    facts = {cell: _Touches(script, cell) for cell in range(before, maker + 1)}
    needed = {maker}
    for cell in range(maker - 1, before - 1, -1):
        if any(facts[cell].writes & facts[each].touches for each in needed):
            needed.add(cell)
    return needed
