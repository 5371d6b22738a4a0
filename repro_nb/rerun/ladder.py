"""Which rung of the ladder the evidence supports, and the one thing that holds a notebook back from the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repro_nb.rerun.result import Coverage, DivergedSource, Failure, Level, RunToRun, Saved

__all__ = ["Evidence", "climb", "held_back_by"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the runs showed.

    Attributes:
        failure: Why a plain run failed; None when all completed.
        runs: How many runs were compared.
        run_to_run: Runs against one another.
        saved: The first run against the saved outputs.
        coverage: How much was compared.
        varied: Names of the factors that were varied.
        raises_as_saved: The failing cell raises the exception that it was saved with.
        diverged_sources: Random sources already diverged on entry to the first divergent cell.
    """

    failure: Failure | None = None
    runs: int = 2
    run_to_run: RunToRun = RunToRun()
    saved: Saved = Saved()
    coverage: Coverage = Coverage()
    varied: Sequence[str] = ()
    raises_as_saved: bool = False
    diverged_sources: Sequence[DivergedSource] = ()


def climb(evidence: Evidence) -> Level | None:
    """The highest rung that the evidence supports; None when it was not tested or could not be judged."""
    if evidence.failure is not None:
        return Level.FAILS if evidence.failure.exit_code == 1 else None
    if evidence.runs < 2:  # noqa: PLR2004  two make a comparison
        return None
    if evidence.coverage.compared == 0 or evidence.run_to_run.plain_divergent_cells:
        return Level.RUNS
    if evidence.run_to_run.divergent_cells:
        # Plain runs that agree although they drew from unseeded sources do so by luck: a coin shows heads twice.
        return Level.RUNS if evidence.diverged_sources else Level.REPEATS
    if not evidence.saved.available or evidence.saved.divergent_cells:
        return Level.ROBUST
    return Level.MATCHES


def held_back_by(evidence: Evidence, level: Level | None) -> str:
    """What stands between `level` and the next rung, as one sentence."""
    if level is None:
        return _untested(evidence)
    return {
        Level.FAILS: _fails,
        Level.RUNS: _runs,
        Level.REPEATS: _repeats,
        Level.ROBUST: _robust,
        Level.MATCHES: _matches,
    }[level](evidence)


def _untested(evidence: Evidence) -> str:
    if evidence.failure is not None:
        return f"it could not be judged: {_first_line(evidence.failure.message)}"
    return "it ran once, so runs were not compared with one another; two runs (--runs 2) tell the level"


def _fails(evidence: Evidence) -> str:
    failure = evidence.failure
    if failure is None:  # pragma: no cover  level 0 comes from a failure alone
        return "it does not run"
    place = "a cell" if failure.cell is None else f"cell {failure.cell}"
    if evidence.raises_as_saved:
        return (
            f"{place} raises the error it was saved with, {failure.type}: {_first_line(failure.message)}; "
            "tag the cell raises-exception if it is meant to"
        )
    return f"{place} raises {failure.type}: {_first_line(failure.message)}"


def _runs(evidence: Evidence) -> str:
    if evidence.coverage.compared == 0:
        return "no output was compared: let the cells show what is to be held, so that runs can be told apart"
    often = "in every run" if evidence.run_to_run.plain_divergent_cells else "in some runs"
    return f"cell {evidence.run_to_run.focus} gives something else {often}{_because(evidence)}"


_DEEDS = {
    "drawn": "first drawn unseeded",
    "made": "made unseeded",
    "seeded": "seeded with a value that differs from run to run",
}


def _because(evidence: Evidence) -> str:
    """The random sources that had diverged before the first divergent cell, as the end of a sentence."""
    parts = [
        f"{source.name}, {_DEEDS[source.how]} in cell {source.cell}"
        for source in evidence.diverged_sources
    ]
    return f"; random sources that differ from run to run: {'; '.join(parts)}" if parts else ""


def _repeats(evidence: Evidence) -> str:
    first = evidence.run_to_run.first
    factors = ", ".join(evidence.varied) or "the surroundings"
    return (
        f"cell {first} differs when {factors} are varied together, though plain runs agree: "
        "it would differ on another machine"
    )


def _robust(evidence: Evidence) -> str:
    saved = evidence.saved
    if not saved.available:
        return (
            "there are no saved outputs to compare with: save the executed notebook, "
            "or write a recording with --update"
        )
    return (
        f"cell {saved.first} no longer gives its saved output ({saved.origin}), "
        "though fresh runs agree with one another"
    )


def _matches(_: Evidence) -> str:
    return "level 5 needs a rerun in a clean environment built from a lock file, which this version does not make"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
