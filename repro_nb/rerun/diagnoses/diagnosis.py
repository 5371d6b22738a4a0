"""What a diagnosis is given, and what it answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import CodeCell, Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.result import Cause, Failure
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.saved import SavedOutputs

__all__ = ["Case", "Diagnosis", "Rerun"]


class Rerun(Protocol):
    """Runs a choice of the notebook's code cells in a fresh kernel, otherwise like the run to explain."""

    async def __call__(self, order: Sequence[int], sources: Mapping[int, str] | None = None) -> Run:
        """Run these cells.

        Args:
            order: Code cells by index, in the order to run them; one that is named twice runs twice.
            sources: Texts to run instead of those of the notebook, by cell.
        """


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run to explain. Cells are indices over code cells, from 0.

    Attributes:
        notebook: The notebook.
        saved: Its saved outputs.
        run: The plain run to explain.
        differs: Cells whose fresh output is not the saved one, and on which fresh runs agree with one another.
        options: How outputs are compared.
        rerun: Runs cells again, on purpose.
        explained: Cells of which a cause is already known.
    """

    notebook: Notebook
    saved: SavedOutputs
    run: Run
    differs: tuple[int, ...]
    options: VerifyOptions
    rerun: Rerun
    explained: frozenset[int] = field(default_factory=frozenset)

    @property
    def failure(self) -> Failure | None:
        """What ended the run in a cell; None where nothing did, or where its cause is known."""
        failure = self.run.failure
        if failure is None or failure.cell is None or failure.cell in self.explained:
            return None
        return failure

    @property
    def divergent(self) -> tuple[int, ...]:
        """Cells that came to their end, with another output than the saved one, and of no known cause."""
        failure = self.run.failure
        known = self.explained | ({failure.cell} if failure is not None else set())
        return tuple(cell for cell in self.differs if cell not in known)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to explain."""
        return self.failure is not None or bool(self.divergent)

    @property
    def cells(self) -> tuple[CodeCell, ...]:
        """The notebook's code cells."""
        return self.notebook.code_cells

    @property
    def can_afford_runs(self) -> bool:
        """Whether one more run, of older text or in another order, may be made.

        It must be within what the user gives to an explanation. In place it would do to the user's own files what the
        notebook of today does not.
        """
        if self.options.in_place:
            return False
        budget = self.options.budget
        return budget is None or self.run.seconds <= budget

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Version of each distribution that the run imported, by normalised name; ``python`` among them."""
        environment = self.run.environment
        if environment is None:
            return {}
        packages = {normalised(name): version for name, version in environment.packages.items()}
        return {**packages, "python": environment.python.rpartition(" ")[2]}

    def without(self, cells: Collection[int]) -> Case:
        """The same case, with `cells` explained."""
        return replace(self, explained=self.explained | frozenset(cells))


def normalised(distribution: str) -> str:
    """A distribution's name as package indexes compare it."""
    return distribution.lower().replace("_", "-").replace(".", "-")


class Diagnosis(Protocol):
    """Explains what no pin can hold: why a cell fails, or gives another output than the saved one.

    Attributes:
        name: The factor that its causes name, in the first place.
    """

    @property
    def name(self) -> str:
        """The factor's public name."""

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The causes that this diagnosis finds among what is not explained yet; none where it knows nothing."""
