"""What two runs that differ in one factor tell: which variables became others, and which lines used the factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from repro_nb.rerun.dataflow import Statement, statements_of

if TYPE_CHECKING:
    from repro_nb.records import FactorUse
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.runner import Run

__all__ = ["Facts", "Line", "Spot", "Use"]

_PARTIAL = "~"


@dataclass(frozen=True, order=True)
class Spot:
    """A statement at the top level of a cell.

    Attributes:
        cell: Index of the cell.
        index: Which of its statements, from 0.
    """

    cell: int
    index: int


@dataclass(frozen=True, order=True)
class Line:
    """A line of a cell: the cell's index, and the line's number from 1."""

    cell: int
    number: int


@dataclass(frozen=True)
class Use:
    """A line that used the factor while a cell ran.

    Attributes:
        during: Index of the cell that ran.
        line: The line, which may be in a function that another cell defines.
        noted: What the kernel's side noted.
    """

    during: int
    line: Line
    noted: FactorUse


@dataclass(frozen=True)
class Facts:
    """What is known of one factor.

    Attributes:
        notebook: What ran.
        factor: The factor's public name.
        reference: The run with every factor pinned; None where the cells' texts are all there is.
        varied: The run with this one varied; the reference itself where there is no such run.
    """

    notebook: Notebook
    factor: str
    reference: Run | None = None
    varied: Run | None = None

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The text of each code cell."""
        return tuple(cell.source for cell in self.notebook.code_cells)

    @cached_property
    def statements(self) -> tuple[tuple[Statement, ...], ...]:
        """The statements of each cell; none of one that is no Python."""
        return tuple(statements_of(source) or () for source in self.sources)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The cells that ran with the pins, in order."""
        if self.reference is None:
            return tuple(range(len(self.sources)))
        records = self.reference.records
        return tuple(cell for cell in self.reference.order if records[cell] is not None)

    def statement(self, spot: Spot) -> Statement:
        """The statement at `spot`."""
        return self.statements[spot.cell][spot.index]

    def spot_of(self, line: Line) -> Spot | None:
        """The statement that a line is part of."""
        for index, statement in enumerate(self.statements[line.cell]):
            first = min((statement.node.lineno, *_decorated(statement)))
            if first <= line.number <= (statement.node.end_lineno or first):
                return Spot(line.cell, index)
        return None

    def code(self, line: Line) -> str:
        """The text of a line, without indentation."""
        lines = self.sources[line.cell].splitlines()
        return lines[line.number - 1].strip() if 0 < line.number <= len(lines) else ""

    def differs(self, cell: int, name: str) -> bool | None:
        """Whether a variable's value at the end of a cell differs; None when that is not known."""
        first, second = (_digest(run, cell, name) for run in (self.reference, self.varied))
        if first is None or second is None:
            return None
        if first.split("+")[0] != second.split("+")[0]:
            return True
        return None if _PARTIAL in (first[:1], second[:1]) else False

    def differs_in_order(self, cell: int, name: str) -> bool:
        """Whether a variable's value differs at least in the order of sets."""
        first, second = (_digest(run, cell, name) for run in (self.reference, self.varied))
        return first is not None and second is not None and first != second

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The lines that used the factor, in order; those of the varied run, else those of the reference."""
        return tuple(self._uses(self.varied)) or tuple(self._uses(self.reference))

    def _uses(self, run: Run | None) -> Iterator[Use]:
        if run is None:
            return
        indices = {cell.id: cell.index for cell in self.notebook.code_cells}
        for during in self.order:
            record = run.records[during]
            for noted in record.uses if record is not None else ():
                if noted.factor == self.factor and noted.cell in indices:
                    yield Use(during, Line(indices[noted.cell], noted.line), noted)

    def before(self, cell: int) -> Sequence[int]:
        """The cells that ran before `cell`, and itself last."""
        order = self.order
        return order[: order.index(cell) + 1] if cell in order else (*order, cell)

    def sets(self, spot: Spot) -> frozenset[str]:
        """Names that a statement binds or changes."""
        statement = self.statement(spot)
        return statement.binds | statement.changes


def _digest(run: Run | None, cell: int, name: str) -> str | None:
    record = None if run is None else run.records[cell]
    return None if record is None else record.values.get(name)


def _decorated(statement: Statement) -> Iterator[int]:
    for decorator in getattr(statement.node, "decorator_list", ()):
        yield decorator.lineno
