"""``%%deterministic --runs``: one cell, run several times from one random state, and compared bit for bit.

All runs but the last are trials: they work on copies, and show nothing. The last one works on the very objects, is
seen, and counts.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, List, Optional, Set, Tuple

from repro_nb.magics.display import Page
from repro_nb.magics.repetition.body import Body
from repro_nb.magics.repetition.comparison import Run, compare_runs
from repro_nb.magics.repetition.outputs import Tap
from repro_nb.magics.repetition.report import compared, not_compared
from repro_nb.magics.repetition.surroundings import descriptors_diverted, surroundings_kept
from repro_nb.rng.reach import names_in
from repro_nb.seeding.kept import KeptRandomState
from repro_nb.values import compare, leaves
from repro_nb.workspace import Workspace

__all__ = ["run_repeatedly"]


def run_repeatedly(body: Body, shell: Any, runs: int) -> None:
    """Run `body` several times from one random state, so that the last run alone takes effect, and show a report.

    Args:
        body: The cell's body.
        shell: The shell that runs it.
        runs: How often, at least 2.

    Raises:
        Exception: Whatever the last run raises.
    """
    __tracebackhide__ = True
    trials = _Trials(body, shell)
    failure = trials.run(runs)
    tap = Tap(shell, live=True)
    try:
        with tap:
            body.run()
            _flush_figures(shell)
    except (Exception, SystemExit) as error:
        (failure or not_compared(runs, runs, error)).show()
        raise
    (failure or trials.report(tap)).show()


class _Trials:
    """The runs that leave no trace.

    Args:
        body: The cell's body.
        shell: The shell that runs it.
    """

    def __init__(self, body: Body, shell: Any) -> None:
        mentioned = names_in(body.cell)
        self._body = body
        self._shell = shell
        self._workspace = Workspace(body.names(), frozenset(mentioned), shell.user_ns)
        self._random_state = KeptRandomState(list(mentioned), shell.user_ns)
        self._runs: List[Run] = []
        self._changed: Set[str] = set()
        self._unseen_bytes = 0

    def run(self, runs: int) -> Optional[Page]:
        """Make all runs but the last of `runs`; gives a report if one of them raises, and no more are made."""
        for number in range(1, runs):
            try:
                self._runs.append(self._once())
            except (Exception, SystemExit) as error:  # noqa: BLE001  the cell's own; the last run will show it
                return not_compared(runs, number, error)
            if number == 1:
                self._changed = self._changed_in_place(self._runs[0])
        return None

    def report(self, tap: Tap) -> Page:
        """The report, once the last run has ended as well."""
        runs = [*self._runs, self._result(tap)]
        findings = compare_runs(runs, self._changed)
        return compared(len(runs), findings, self._workspace.shared, list(self._remarks()))

    def _once(self) -> Run:
        tap = Tap(self._shell, live=False)
        with self._random_state.kept(), self._workspace.trial(), surroundings_kept():
            with descriptors_diverted() as written, tap:
                try:
                    self._body.run()
                finally:
                    _flush_figures(self._shell)
            self._unseen_bytes = written.size
            return self._result(tap)

    def _result(self, tap: Tap) -> Run:
        variables, assigned = self._workspace.results()
        names = self._shell.user_ns
        # What is given the value that it has already is assigned as well.
        again = {name: names[name] for name in self._body.assigned() if name in names}
        return Run(tap.outputs, tap.values, {**again, **variables}, assigned.union(again))

    def _changed_in_place(self, run: Run) -> Set[str]:
        """Names of what a trial changed without assigning it: its copy is no longer what the original is."""
        return {
            name
            for name, value in run.variables.items()
            if name not in run.assigned
            for original in self._workspace.original(name)
            if _is_changed(original, value)
        }

    def _remarks(self) -> Tuple[str, ...]:
        remarks = []
        if self._unseen_bytes:
            remarks.append(
                f"{self._unseen_bytes:,} bytes were written past Python's own streams, by a program or a library: "
                "they are shown for the last run, and not compared."
            )
        if self._workspace.truncated or self._random_state.truncated:
            remarks.append(
                "The cell reaches more than was looked at: what lies beyond may have changed in every run."
            )
        return tuple(remarks)


def _is_changed(original: Any, value: Any) -> bool:
    """Whether any leaf is another one; the first that is settles it, before the rest is measured."""
    pairs = zip_longest(leaves(original), leaves(value), fillvalue=(None, None))
    return any(
        path != other_path or not compare(one, other).equal
        for (path, one), (other_path, other) in pairs
    )


def _flush_figures(shell: Any) -> None:
    """Show the figures that matplotlib would show after the cell, so that they belong to the run that drew them."""
    for callback in list(shell.events.callbacks["post_execute"]):
        if getattr(callback, "__name__", "") == "flush_figures":
            callback()
