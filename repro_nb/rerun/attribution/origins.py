"""From a cell that differs to the line where the factor came in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from repro_nb.rerun.attribution.facts import Facts, Line, Spot, Use
from repro_nb.rerun.attribution.matching import Match, Rank, aliases, matches
from repro_nb.rerun.attribution.set_order import SetOrder
from repro_nb.rerun.attribution.slicing import all_spots, carriers, shows
from repro_nb.rerun.dataflow import definitions_in, imported, with_called

__all__ = ["Found", "Origins"]

_HASH_SEED = "hash-seed"


@dataclass(frozen=True)
class Found:
    """Where a factor came in.

    Attributes:
        line: The line.
        sure: Whether it was seen to use the factor, or its words leave no doubt.
        use: What was seen of it.
        variable: The first variable that came to differ, where the line sets it.
    """

    line: Line
    sure: bool
    use: Use | None = None
    variable: str = ""


class Origins:
    """Looks for the lines through which a factor comes in.

    Args:
        facts: What the runs tell.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._tiers: dict[int, tuple[Sequence[Spot], ...]] = {}

    def of(self, cell: int, known: Collection[Line] = ()) -> Found | None:
        """The line through which the factor gets into what `cell` shows; None when nothing fits.

        Args:
            cell: Index of a cell that differs.
            known: Lines that are not looked for; then only what is known to reach the cell counts.
        """
        tiers = self.tiers(cell)[: 2 if known else None]
        for spots in tiers:
            used = self._used(cell, spots, known)
            if used is not None:
                return used
        for spots in tiers[:3]:
            entry = self._entry(cell, spots)
            found = self._by_words(entry, spots, known)
            if found is not None and found.sure:
                return found
        return self._by_effect(cell, tiers[0] or tiers[1])

    def sharing(self, cell: int) -> Found | None:
        """A line before `cell` whose words fit, and that uses something which `cell` uses, too.

        What goes on beside the cells changes what it is given at any time, wherever values seem to flow.
        """
        spots = all_spots(self._facts, cell)
        wanted = {name for spot in spots if spot.cell == cell for name in self._reads(spot)}
        for spot in spots:
            sure = (match for match in self._matches(spot) if match.rank is Rank.SURE)
            match = next(iter(sure), None)
            if match is not None and wanted & self._reads(spot):
                return Found(Line(spot.cell, match.line), sure=True)
        return None

    def _reads(self, spot: Spot) -> set[str]:
        """Names that a statement reads, the functions in it included."""
        definitions = definitions_in(map(self._facts.statement, self._ran))
        return with_called(self._facts.statement(spot).uses, definitions) - self._modules

    def reaches(self, line: Line, cell: int) -> bool:
        """Whether what a line does can reach what `cell` shows, through values that differ."""
        spot = self._facts.spot_of(line)
        return any(spot in spots for spots in self.tiers(cell)[:2])

    def tiers(self, cell: int) -> tuple[Sequence[Spot], ...]:
        """The statements that what `cell` shows can come from; the likeliest ones, then ever more."""
        if cell not in self._tiers:
            facts = self._facts
            self._tiers[cell] = (
                carriers(facts, cell, shows),
                carriers(facts, cell, lambda _: True),
                carriers(facts, cell, lambda _: True, all_values=True),
                all_spots(facts, cell),
            )
        return self._tiers[cell]

    def _used(self, cell: int, spots: Sequence[Spot], known: Collection[Line]) -> Found | None:
        """The first line among those statements that was seen to use the factor; best one whose effect is known."""
        ran = {spot.cell for spot in spots}
        reached = set(self._facts.before(cell))
        uses = [
            use
            for use in self._facts.uses
            if use.during in ran & reached
            and use.line not in known
            and self._facts.spot_of(use.line) in spots
        ]
        if not uses:
            return None
        best = next((use for use in uses if self._has_effect(use, cell)), uses[0])
        return Found(best.line, sure=True, use=best)

    def _has_effect(self, use: Use, cell: int) -> bool:
        """Whether a use is in a cell that differs, or in a statement after which a variable is known to differ."""
        if use.during == cell:
            return True
        spot = self._facts.spot_of(use.line)
        if spot is None or use.line.cell != use.during:
            return any(map(self._is_changed, self._spots_of(use.during)))
        return self._is_changed(spot)

    def _spots_of(self, cell: int) -> Iterator[Spot]:
        return (Spot(cell, index) for index in range(len(self._facts.statements[cell])))

    def _is_changed(self, spot: Spot) -> bool:
        return self._first_changed(spot) is not None

    def _first_changed(self, spot: Spot) -> str | None:
        if self._facts.statement(spot).is_definition:
            return None  # what a decorator makes may hold a stream, or an identifier of its own
        names = sorted(self._facts.sets(spot))
        return next((name for name in names if self._facts.differs(spot.cell, name)), None)

    def _entry(self, cell: int, spots: Sequence[Spot]) -> Spot | None:
        """The first statement whose effect differs: a variable's value, or what the cell shows.

        What a value was in the middle of a cell is not known. Of the statements that make it, the last counts: an
        empty dict differs no more than another.
        """
        changed = next(filter(self._is_changed, spots), None)
        if changed is not None:
            return self._making(changed, spots)[-1]
        showing = [
            spot for spot in spots if spot.cell == cell and shows(self._facts.statement(spot))
        ]
        return showing[-1] if showing else None

    def _making(self, changed: Spot, spots: Sequence[Spot]) -> list[Spot]:
        """The statements of its cell that make the variable which `changed` is the first to set."""
        name = self._first_changed(changed)
        return [
            spot
            for spot in spots
            if spot.cell == changed.cell
            and spot >= changed
            and not self._facts.statement(spot).is_definition
            and name in self._facts.sets(spot)
        ]

    def _by_words(
        self, entry: Spot | None, spots: Sequence[Spot], known: Collection[Line]
    ) -> Found | None:
        """The place that fits best in what leads to `entry`: there itself, in what it calls, before it."""
        if entry is None:
            return None
        called = self._called_by(entry)
        changed = self._is_changed(entry)
        ranked = []
        for position, spot in enumerate(spots):
            near = 0 if spot == entry else 1 if spot in called else 2
            if near == 2 and (changed or spot.cell == entry.cell) and spot > entry:  # noqa: PLR2004 - said above
                continue  # it comes after the first effect
            for match in self._matches(spot):
                line = Line(spot.cell, match.line)
                if line not in known and (near < 2 or match.rank is Rank.SURE):  # noqa: PLR2004 - as above
                    ranked.append((match.rank, near, position, match.line, line))
        if not ranked:
            return None
        rank, *_, line = min(ranked)
        return Found(line, sure=rank is Rank.SURE, variable=self._variable(line))

    def _called_by(self, spot: Spot) -> set[Spot]:
        """Definitions of the functions and classes that a statement uses, and that these use."""
        facts = self._facts
        definitions = {
            name: place
            for place in all_spots(facts, spot.cell)
            if facts.statement(place).is_definition
            for name in facts.statement(place).binds
        }
        statements = {name: facts.statement(place) for name, place in definitions.items()}
        used = with_called(facts.statement(spot).uses, statements)
        return {definitions[name] for name in used & definitions.keys()}

    def _matches(self, spot: Spot) -> Iterable[Match]:
        statement = self._facts.statement(spot)
        if self._facts.factor == _HASH_SEED:
            return self._set_order.matches(statement)
        return matches(self._facts.factor, statement, self._aliases)

    @cached_property
    def _ran(self) -> list[Spot]:
        return list(all_spots(self._facts, self._facts.order[-1])) if self._facts.order else []

    @cached_property
    def _modules(self) -> frozenset[str]:
        return imported(self._facts.sources)

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return aliases(map(self._facts.statement, self._ran))

    @cached_property
    def _set_order(self) -> SetOrder:
        return SetOrder(map(self._facts.statement, self._ran))

    def _by_effect(self, cell: int, spots: Sequence[Spot]) -> Found | None:
        """Where nothing is sure: words that may fit, else the first effect itself, else what was shown."""
        entry = self._entry(cell, spots)
        found = self._by_words(entry, spots, ())
        if found is not None or entry is None:
            return found
        first = self._first_fed(spots) or entry
        line = Line(first.cell, self._facts.statement(first).node.lineno)
        return Found(line, sure=False, variable=self._variable(line))

    def _first_fed(self, spots: Sequence[Spot]) -> Spot | None:
        """The first statement whose effect differs, and that takes something in: not ``found = {}``."""
        changed = next(filter(self._is_changed, spots), None)
        making = [] if changed is None else self._making(changed, spots)
        modules = self._modules
        return next((spot for spot in making if self._facts.statement(spot).uses - modules), None)

    def _variable(self, line: Line) -> str:
        """The variable that a line's statement makes differ; empty where none is known."""
        spot = self._facts.spot_of(line)
        return "" if spot is None else self._first_changed(spot) or ""
