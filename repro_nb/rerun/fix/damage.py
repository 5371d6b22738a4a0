"""What edits broke: cells that fail now, and sound cells that give something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from repro_nb.rerun import judge
from repro_nb.rerun.dataflow import depends_on_all
from repro_nb.rerun.fix.changes import Move, Preamble, Proposal

if TYPE_CHECKING:
    from repro_nb.rerun.fix.draft import Draft
    from repro_nb.rerun.fix.script import Script
    from repro_nb.rerun.fix.trial import Outcome
    from repro_nb.rerun.options import VerifyOptions

__all__ = ["Damage"]


@dataclass(frozen=True)
class Damage:
    """Compares the edited notebook with the original. Cells are those of the original.

    Attributes:
        script: The original as a program.
        before: What the original gave.
        options: How outputs are compared.
    """

    script: Script
    before: Outcome
    options: VerifyOptions

    @cached_property
    def upstream(self) -> tuple[frozenset[int], ...]:
        """For each cell, the earlier ones that it takes a value from."""
        return depends_on_all(self.script.sources)

    def failing(self, draft: Draft, outcome: Outcome) -> int | None:
        """The cell that fails now and did not before; -1 for the new cell; None where none does."""
        failure = outcome.run.failure
        if failure is None or failure.cell is None:
            return None
        cell = draft.origins[failure.cell]
        if cell is None:
            return -1
        known = self.before.run.failure
        return None if known is not None and (known.cell is None or cell >= known.cell) else cell

    def changed(
        self, draft: Draft, outcome: Outcome, proposals: Sequence[Proposal]
    ) -> tuple[int, ...]:
        """Sound cells that give something else now, though none of the edits decides what they give."""
        found = self._differences(draft, outcome)
        return tuple(sorted(found - self._differed - self._decided(draft, proposals)))

    def _differences(self, draft: Draft, outcome: Outcome) -> set[int]:
        """Cells whose output is another in the first run of each."""
        old = self.before.run
        outputs = tuple(None if cell is None else old.outputs[cell] for cell in draft.origins)
        pairs = judge.compare_runs(
            draft.notebook, replace(old, outputs=outputs), outcome.run, self.options
        )
        cells = (draft.origins[index] for index in judge.divergent(pairs))
        return {cell for cell in cells if cell is not None}

    @cached_property
    def _differed(self) -> set[int]:
        failure = self.before.run.failure
        failed = set() if failure is None or failure.cell is None else {failure.cell}
        return failed | set(self.before.result.run_to_run.divergent_cells)

    def _decided(self, draft: Draft, proposals: Sequence[Proposal]) -> set[int]:
        """Cells whose values edits decide: those that they change or that draw, and all that rest on them."""
        roots: set[int] = set()
        for proposal in proposals:
            moved = [change for change in proposal.changes if isinstance(change, Move)]
            if proposal.sets_values or moved:
                roots |= {*proposal.cells, *self._drawing(proposal)}
        # In their new order: what rests on a cell that moved rests on it now, if not before.
        upstream = depends_on_all([cell.source for cell in draft.notebook.code_cells])
        return roots | {
            cell
            for cell, known in zip(draft.origins, upstream, strict=True)
            if cell is not None and {draft.origins[each] for each in known} & roots
        }

    def _drawing(self, proposal: Proposal) -> Iterable[int]:
        starts = [change.before for change in proposal.changes if isinstance(change, Preamble)]
        if not starts:
            return ()
        records = enumerate(self.before.run.records)
        return [cell for cell, record in records if record is not None and record.draws]
