"""The experiment: each factor varied alone, all others pinned, tells which of them makes which cell differ.

Two runs with everything pinned are the reference; what differs between these is a race, or has no name. One run with
everything varied tells which cells there are to explain, and whether factors only act together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from repro_nb.probe.factors import Factor, Traces, factors
from repro_nb.rerun import judge
from repro_nb.rerun.attribution import attribute, race, unexplained, unsteady_use
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.hash_seeds import makes_sets
from repro_nb.rerun.vary import pinned, varied
from repro_nb.rng import sources

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.result import Cause
    from repro_nb.rerun.runner import Run

__all__ = ["Experiment", "traces_of"]

_HASH_SEED = "hash-seed"
_THREADS = "threads"
_INTERCEPTED = frozenset({"os-entropy", "clock", "directory-order"})
_MORE_SEEDS = 2
"""How many more hash seeds are tried before one says no: a set of two keeps its order under every other."""


def traces_of(notebook: Notebook, run: Run) -> Traces:
    """What `run` left for the factors to find themselves in."""
    ran = [index for index, record in enumerate(run.records) if record is not None]
    return Traces(
        records=[record for record in run.records if record is not None],
        sources=[notebook.code_cells[index].source for index in ran],
        accelerators=run.environment.accelerators if run.environment else (),
    )


class Experiment:
    """The runs that prove causes.

    Args:
        bench: Makes them.
        reference: A run with every factor pinned.
        repeat: The same once more.
        free: Factors that both leave alone, each with why.

    Attributes:
        affected: Cells that any run showed to differ.
    """

    def __init__(
        self, bench: Bench, reference: Run, repeat: Run, free: Mapping[str, str] | None = None
    ) -> None:
        self._bench = bench
        self._reference = reference
        self._free = free
        self._seeds = iter(bench.hash_seeds(2 + _MORE_SEEDS, reference="0")[1:])
        self._unsteady = set(self._differing(repeat))
        self._last = len(bench.notebook.code_cells) - 1
        self._alone: dict[str, Run] = {}
        self.affected = frozenset(self._unsteady)

    async def causes(
        self, suspects: Iterable[int] = (), together: Run | None = None
    ) -> tuple[Cause, ...]:
        """Find out what makes cells differ.

        Args:
            suspects: Cells that were seen to differ before.
            together: A run with every factor varied; it is made where there is none.
        """
        wanted = {*suspects, *self._unsteady}
        if together is None:
            together = await self._all_together()
            wanted.update(self._effect(_HASH_SEED))
        wanted.update(self._differing(together))
        if not wanted:
            return await self._coin_tosses()
        if together.failure is None:
            self._last = max(wanted)
        self.affected |= wanted
        await self._each_alone(wanted)
        await self._confirm()
        return (*self._proved(), *await self._unsteady_causes(), *self._left(wanted))

    async def _all_together(self) -> Run:
        """Every factor varied; and beside it, as it is always active, the hash seed alone."""
        seed = next(self._seeds)
        orders = [Order(plan=varied(0, self._free), hash_seed=seed)]
        if _HASH_SEED in self._pinned and self._reference.failure is None:
            orders.append(self._order(_HASH_SEED, seed))
        together, *alone = await self._bench.together(*orders)
        self._alone.update(zip((_HASH_SEED,), alone, strict=False))
        return together

    async def _each_alone(self, wanted: set[int]) -> None:
        """Vary alone what is active; and what is not, where that leaves cells unexplained."""
        traces = traces_of(self._bench.notebook, self._reference)
        usable = [factor for factor in factors() if factor.name in self._pinned]
        active = [factor for factor in usable if factor.is_active(traces)]
        await self._vary(active)
        if self._open(wanted) and not self._effect(_HASH_SEED):
            await self._more_hash_seeds()
        if self._open(wanted):
            await self._look_among([factor for factor in usable if factor not in active])

    async def _look_among(self, inactive: Sequence[Factor]) -> None:
        """Vary what left no trace, all of it at once; one by one only where that shows something."""
        if self._bench.stopped or not inactive:
            return
        plan = pinned({factor.name: 0 for factor in inactive}, free=self._free)
        together = await self._bench.one(Order(plan=plan, cells=range(self._last + 1)))
        if set(self._differing(together)) - self._unsteady:
            await self._vary(inactive)

    async def _vary(self, chosen: Sequence[Factor]) -> None:
        if self._bench.stopped:
            return
        names = [factor.name for factor in chosen if factor.name not in self._alone]
        runs = await self._bench.together(*map(self._order, names))
        self._alone.update(zip(names, runs, strict=True))

    async def _more_hash_seeds(self) -> None:
        """A hash seed is a coin toss for a set of two: it has a few tries."""
        if _HASH_SEED not in self._pinned:
            return
        for _ in range(_MORE_SEEDS):
            seed = next(self._seeds, None)
            if seed is None or self._bench.stopped or self._effect(_HASH_SEED):
                return
            self._alone[_HASH_SEED] = await self._bench.one(self._order(_HASH_SEED, seed))

    async def _confirm(self) -> None:
        """Look again where a race may have been taken for a factor: two runs of a race agree now and then.

        A factor that is seen whenever it is used cannot have changed a cell before its first use. The run of one that
        leaves no trace is repeated with the same values; where several seem to bite, the reference is, too.
        """
        untraced = [factor for factor in self._alone if factor not in self._traced]
        for factor in self._alone:
            if factor in self._traced:
                first = self._first_use(factor)
                self._unsteady |= {cell for cell in self._effect(factor) if cell < first}
        claiming = [factor for factor in untraced if self._effect(factor)]
        chance = [factor for factor in claiming if factor != _THREADS]  # one thread never races
        again = [(self._alone[factor], self._repeated(factor)) for factor in chance[:1]]
        if len(claiming) > len(again):
            again.append(
                (self._reference, Order(plan=pinned(free=self._free), cells=range(self._last + 1)))
            )
        if not self._bench.stopped:
            repeats = await self._bench.together(*(order for _, order in again))
            for (run, _), repeat in zip(again, repeats, strict=True):
                self._unsteady |= set(self._between(run, repeat))
        if self._bench.stopped:  # what nobody looked at again is not proved
            for factor in untraced:
                del self._alone[factor]

    def _repeated(self, factor: str) -> Order:
        """The run of `factor` once more."""
        seed = self._alone[factor].launch.variation.values.get(_HASH_SEED)
        return self._order(factor, seed)

    @property
    def _traced(self) -> frozenset[str]:
        """The factors whose every use is seen: streams, and what is intercepted."""
        return _INTERCEPTED | {source.name for source in sources()}

    def _first_use(self, factor: str) -> int:
        """The first cell in which any run saw the notebook use `factor`; beyond the last where none did."""
        runs = (self._reference, self._alone[factor])
        cells = [index for run in runs for index in self._uses(run, factor)]
        return min(cells, default=len(self._bench.notebook.code_cells))

    @staticmethod
    def _uses(run: Run, factor: str) -> Iterator[int]:
        for index, record in enumerate(run.records):
            if record is None:
                continue
            drawn = any(name.partition(".")[0] == factor for name in record.draws)
            if drawn or any(use.factor == factor for use in record.uses):
                yield index

    async def _coin_tosses(self) -> tuple[Cause, ...]:
        """Nothing differed yet: a notebook with sets in it is shown to further hash seeds."""
        if not any(makes_sets(cell.source) for cell in self._bench.notebook.code_cells):
            return ()
        await self._more_hash_seeds()
        await self._confirm()
        return (*self._proved(), *await self._unsteady_causes())

    def _order(self, factor: str, seed: str | None = None) -> Order:
        if factor == _HASH_SEED and seed is None:
            seed = next(self._seeds, None)
        plan = pinned({factor: 0}, self._drawn_from(factor), self._free)
        return Order(plan=plan, hash_seed=seed or "0", cells=range(self._last + 1))

    def _drawn_from(self, stream: str) -> dict[str, tuple[str, ...]]:
        """The cells in which `stream` was drawn from, so that the lines can be found that do so."""
        return {
            record.cell_id: (stream,)
            for record in self._reference.records
            if record is not None and any(name.partition(".")[0] == stream for name in record.draws)
        }

    @property
    def _pinned(self) -> tuple[str, ...]:
        return self._reference.launch.variation.pinned

    def _differing(self, other: Run) -> tuple[int, ...]:
        """Cells in which `other` differs from the reference."""
        return self._between(self._reference, other)

    def _between(self, one: Run, other: Run) -> tuple[int, ...]:
        """Cells in which two runs differ."""
        bench = self._bench
        pair = judge.compare_runs(bench.notebook, one, other, bench.options)
        judged = other.failure is None or other.failure.exit_code == 1
        return judge.divergent(pair, other if judged and one.failure is None else None)

    def _effect(self, factor: str) -> tuple[int, ...]:
        """Cells that `factor` alone makes differ."""
        run = self._alone.get(factor)
        if run is None:
            return ()
        return tuple(cell for cell in self._differing(run) if cell not in self._unsteady)

    def _open(self, wanted: set[int]) -> set[int]:
        """Cells that no factor explains yet."""
        explained = {cell for factor in self._alone for cell in self._effect(factor)}
        return wanted - explained - self._unsteady

    def _proved(self) -> tuple[Cause, ...]:
        causes: list[Cause] = []
        for factor, run in self._alone.items():
            differing = self._effect(factor)
            if differing:
                self.affected |= set(differing)
                causes += attribute(self._bench.notebook, factor, self._reference, run, differing)
        return tuple(causes)

    async def _unsteady_causes(self) -> tuple[Cause, ...]:
        """Why two pinned runs differ: a race, if one thread cures it; else what could not be pinned."""
        if not self._unsteady:
            return ()
        notebook, cells = self._bench.notebook, sorted(self._unsteady)
        self.affected |= self._unsteady
        seen = unsteady_use(notebook, self._reference, cells)
        if seen:
            return seen
        if await self._is_a_race():
            return race(notebook, self._reference, cells)
        return unexplained(notebook, cells, "two runs with every factor pinned differ")

    async def _is_a_race(self) -> bool:
        single = self._alone.get(_THREADS)
        if single is None or single.failure is not None or self._bench.stopped:
            return False
        again = await self._bench.one(self._order(_THREADS))
        return not self._unsteady & set(self._between(single, again))

    def _left(self, wanted: set[int]) -> tuple[Cause, ...]:
        """What no factor alone explains."""
        cells = sorted(self._open(wanted))
        if not cells or self._bench.stopped:
            return ()
        why = (
            "it differs between runs, and no factor that could be varied alone here makes it differ: "
            "several together, or one that is not known"
        )
        return unexplained(self._bench.notebook, cells, why)
