"""Which edits make a notebook reproduce: all at once first, then others in place of those that did not help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from repro_nb.rerun import judge
from repro_nb.rerun.fix.cell_text import OverlapError
from repro_nb.rerun.fix.changes import Preamble, Proposal, Splice
from repro_nb.rerun.fix.draft import Draft, draft
from repro_nb.rerun.fix.edits import proposals_for
from repro_nb.rerun.fix.edits.shown import MARK
from repro_nb.rerun.result import Cause, Level, Origin
from repro_nb.rerun.saved import saved_outputs

if TYPE_CHECKING:
    from repro_nb.rerun.fix.damage import Damage
    from repro_nb.rerun.fix.script import Script
    from repro_nb.rerun.fix.trial import Outcome
    from repro_nb.rerun.notebook import Notebook

__all__ = ["BAR", "CELL_ORDER", "Attempt", "Search", "Treatment"]

BAR = Level.ROBUST
"""The level that edits are to reach."""

CELL_ORDER = "cell-order"
"""The cause that shows in saved outputs alone, and that an edit of ours treats."""

_ROUNDS = 7

_Key = tuple[str, int, int]


@dataclass
class Treatment:
    """A cause, and how far we are with the ways to treat it.

    Attributes:
        cause: The cause, in the original's cells and lines.
        proposals: The ways, in the order in which they are tried.
        failed: Why each of those that were tried was withdrawn.
    """

    cause: Cause
    proposals: tuple[Proposal, ...]
    failed: list[str] = field(default_factory=list)

    @property
    def current(self) -> Proposal | None:
        """The way that is tried now; None when there is none left."""
        tried = len(self.failed)
        return self.proposals[tried] if tried < len(self.proposals) else None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The notebook with some edits, and what came of it.

    Attributes:
        draft: The edited notebook.
        chosen: What was proposed for each cause.
        outcome: What its runs gave.
        failing: As `Damage.failing` has it.
        changed: As `Damage.changed` has it.
        astray: Cells that a move was to give their saved output again, and that do not have it.
    """

    draft: Draft
    chosen: tuple[tuple[Cause, Proposal], ...]
    outcome: Outcome
    failing: int | None = None
    changed: tuple[int, ...] = ()
    astray: tuple[int, ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether nothing is worse than before."""
        return self.failing is None and not self.changed

    @property
    def is_good(self) -> bool:
        """Whether it is as it should be."""
        level = self.outcome.result.level
        return self.is_harmless and not self.astray and level is not None and level >= BAR

    @property
    def mended(self) -> int:
        """How many causes are gone that were seen at their very line, and for which there is an edit.

        Another one may keep the same cell from being the same.
        """
        found = (_in_original(cause, self.draft) for cause in self.outcome.result.causes)
        there = {_key(cause) for cause in found if cause is not None}
        seen = (cause for cause, _ in self.chosen if cause.origin is not None and cause.origin.seen)
        return sum(_key(cause) not in there for cause in seen)

    @property
    def rank(self) -> tuple[bool, int, int, int, int, int]:
        """The better, the greater."""
        result = self.outcome.result
        pairs = zip(self.outcome.run.outputs, self.draft.origins, strict=True)
        done = sum(outputs is not None and origin is not None for outputs, origin in pairs)
        return (
            self.is_harmless,
            -1 if result.level is None else int(result.level),
            done,
            -len(result.run_to_run.divergent_cells) - len(self.astray),
            self.mended,
            -len(self.chosen),
        )


@dataclass
class Search:
    """The search for edits that help.

    Attributes:
        notebook: The notebook.
        script: The same as a program.
        before: What it gave, unedited.
        damage: Tells what edits broke.
        examine: Examines an edited notebook.
    """

    notebook: Notebook
    script: Script
    before: Outcome
    damage: Damage
    examine: Callable[[Draft], Outcome]
    treatments: dict[_Key, Treatment] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    def best(self) -> Attempt:
        """The attempt that comes nearest, with no edit that does not help."""
        unedited = self.unedited
        self.attempts.append(unedited)
        self._take(self.before.result.causes, unedited.draft)
        seen: set[tuple[tuple[Cause, Proposal], ...]] = {()}
        for _ in range(_ROUNDS):
            chosen = self._chosen()
            if chosen in seen:
                break
            seen.add(chosen)
            attempt = self._attempt(chosen)
            if attempt.is_good:
                break
            self._learn(attempt)
        return self._needed(max(self.attempts, key=lambda attempt: attempt.rank))

    @property
    def unedited(self) -> Attempt:
        """The notebook as it is, as an attempt."""
        causes = self.before.result.causes
        return Attempt(
            draft=draft(self.notebook, self.script, ()),
            chosen=(),
            outcome=self.before,
            astray=tuple(cause.cell for cause in causes if cause.factor == CELL_ORDER),
        )

    def remaining(self, attempt: Attempt) -> set[Cause]:
        """The causes, as they were first seen, that are still there in `attempt`."""
        found = (_in_original(cause, attempt.draft) for cause in attempt.outcome.result.causes)
        keys = {_key(cause) for cause in found if cause is not None}
        return {each.cause for key, each in self.treatments.items() if key in keys}

    def _take(self, causes: Sequence[Cause], where: Draft) -> None:
        """Note causes that are new, and give up what was tried for those that are still there."""
        for cause in causes:
            known = _in_original(cause, where)
            if known is None:
                continue
            treatment = self.treatments.get(_key(known))
            if treatment is None:
                self.treatments[_key(known)] = Treatment(known, proposals_for(known, self.script))
            elif treatment.current is not None:
                treatment.failed.append("the cell still differs, for the same reason")

    def _chosen(self) -> tuple[tuple[Cause, Proposal], ...]:
        """What is proposed now; a proposal that does not go together with those before it is given up."""
        chosen: list[tuple[Cause, Proposal]] = []
        for treatment in self.treatments.values():
            while (proposal := treatment.current) is not None:
                try:
                    draft(self.notebook, self.script, [*(each for _, each in chosen), proposal])
                except OverlapError:
                    treatment.failed.append("it does not go together with another edit")
                    continue
                chosen.append((treatment.cause, proposal))
                break
        return tuple(chosen)

    def _attempt(self, chosen: tuple[tuple[Cause, Proposal], ...]) -> Attempt:
        proposals = [proposal for _, proposal in chosen]
        edited = draft(self.notebook, self.script, proposals)
        outcome = self.examine(edited)
        attempt = Attempt(
            draft=edited,
            chosen=chosen,
            outcome=outcome,
            failing=self.damage.failing(edited, outcome),
            changed=self.damage.changed(edited, outcome, proposals),
            astray=self._astray(edited, outcome, chosen),
        )
        self.attempts.append(attempt)
        return attempt

    def _astray(
        self, edited: Draft, outcome: Outcome, chosen: Sequence[tuple[Cause, Proposal]]
    ) -> tuple[int, ...]:
        ordered = {cause.cell for cause, _ in chosen if cause.factor == CELL_ORDER}
        if not ordered:
            return ()
        different = self._unlike_saved(edited, outcome)
        return tuple(sorted(ordered & different))

    def _unlike_saved(self, edited: Draft, outcome: Outcome) -> set[int]:
        saved = saved_outputs(edited.notebook)
        pairs = judge.compare_with_saved(edited.notebook, saved, outcome.run, self.damage.options)
        cells = (edited.origins[index] for index in judge.divergent(pairs))
        return {cell for cell in cells if cell is not None}

    def _learn(self, attempt: Attempt) -> None:
        """Give up what did harm; where nothing did, what did not help, and treat what has come to light."""
        if attempt.failing is not None:
            where = "the new cell" if attempt.failing < 0 else f"cell {attempt.failing}"
            self._blame(attempt, {attempt.failing}, f"{where} fails with it")
        elif attempt.changed:
            listed = ", ".join(map(str, attempt.changed))
            why = f"it changes what cell {listed} gives, which reproduced without it"
            self._blame(attempt, set(attempt.changed), why)
        else:
            self._take(attempt.outcome.result.causes, attempt.draft)
            if not attempt.outcome.result.coverage.compared:
                self._compare_again(attempt)
            for cell in attempt.astray:
                self._give_up(cell, "the cell does not give its saved output all the same")

    def _compare_again(self, attempt: Attempt) -> None:
        """Give up edits that leave no output to compare: nothing is proved by what nobody looks at."""
        for cause, proposal in attempt.chosen:
            if any(
                isinstance(each, Splice) and each.text.startswith(MARK) for each in proposal.changes
            ):
                self.treatments[_key(cause)].failed.append("no output would be left to compare")

    def _give_up(self, cell: int, why: str) -> None:
        for treatment in self.treatments.values():
            if treatment.cause.cell == cell and treatment.current is not None:
                treatment.failed.append(why)

    def _blame(self, attempt: Attempt, cells: set[int], why: str) -> None:
        """Give up the edits that reach `cells`; all where none does."""
        reach = cells | {each for cell in cells if cell >= 0 for each in self.damage.upstream[cell]}
        chosen = {_key(cause): proposal for cause, proposal in attempt.chosen}
        guilty = {
            key
            for key, proposal in chosen.items()
            if set(proposal.cells) & reach or (-1 in cells and _has_preamble(proposal))
        }
        direct = {key for key in guilty if set(chosen[key].cells) & cells}
        for key in direct or guilty or set(chosen):
            self.treatments[key].failed.append(why)

    def _needed(self, best: Attempt) -> Attempt:
        """`best` without the edits of causes that are still there, if it is as good without them."""
        found = (_in_original(cause, best.draft) for cause in best.outcome.result.causes)
        there = [cause for cause in found if cause is not None]
        keys = {_key(cause) for cause in there}
        biting = {(cause.factor, cause.cell) for cause in there}

        def is_needed(cause: Cause) -> bool:
            # A line that was seen is known to be gone; of another, an edit in its cell may have done nothing.
            if cause.origin is not None and cause.origin.seen:
                return _key(cause) not in keys
            return (cause.factor, cause.cell) not in biting

        needed = tuple(pair for pair in best.chosen if is_needed(pair[0]))
        if len(needed) == len(best.chosen):
            return best
        same = [attempt for attempt in self.attempts if attempt.chosen == needed]
        without = same[0] if same else self._attempt(needed)
        return without if without.rank >= replace(best, chosen=needed).rank else best


def _key(cause: Cause) -> _Key:
    if cause.origin is None:
        return cause.factor, -1, cause.cell
    return cause.factor, cause.origin.cell, cause.origin.line


def _has_preamble(proposal: Proposal) -> bool:
    return any(isinstance(change, Preamble) for change in proposal.changes)


def _in_original(cause: Cause, where: Draft) -> Cause | None:
    """A cause of an edited notebook in cells and lines of the original; None for one in the new cell."""
    cell = where.origins[cause.cell]
    if cell is None:
        return None
    inherited = (where.origins[each] for each in cause.inherited_by)
    return replace(
        cause,
        cell=cell,
        origin=_origin(cause.origin, where),
        inherited_by=tuple(each for each in inherited if each is not None),
    )


def _origin(origin: Origin | None, where: Draft) -> Origin | None:
    cell = None if origin is None else where.origins[origin.cell]
    if origin is None or cell is None:
        return None
    line = where.original_line(cell, origin.line)
    lines = where.original.code_cells[cell].source.splitlines()
    code = lines[line - 1].strip() if line <= len(lines) else ""
    return Origin(cell=cell, line=line, code=code, seen=origin.seen)
