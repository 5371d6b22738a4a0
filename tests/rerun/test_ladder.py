"""The ladder: what the evidence supports, and what holds a notebook back."""

import pytest

from repro_nb.rerun.ladder import Evidence, climb, held_back_by
from repro_nb.rerun.result import Coverage, DivergedSource, Failure, Level, RunToRun, Saved

COMPARED = Coverage(outputs=2, compared=2, identical=2)
RAISED = Failure(cell=3, type="ValueError", message="bad value\nmore", exit_code=1)
DIED = Failure(cell=3, type="KernelDiedError", message="the kernel died", exit_code=3)


@pytest.mark.parametrize(
    ("evidence", "level", "words"),
    [
        (Evidence(failure=RAISED), Level.FAILS, "cell 3 raises ValueError: bad value"),
        (Evidence(failure=DIED), None, "could not be judged: the kernel died"),
        (Evidence(runs=1, coverage=COMPARED), None, "--runs 2"),
        (Evidence(coverage=Coverage()), Level.RUNS, "no output was compared"),
        (
            Evidence(
                coverage=COMPARED,
                run_to_run=RunToRun(divergent_cells=(1, 2), first=1, plain_divergent_cells=(2,)),
            ),
            Level.RUNS,
            "cell 2 gives something else in every run",
        ),
        (
            Evidence(
                coverage=COMPARED,
                run_to_run=RunToRun(divergent_cells=(1,), first=1, plain_divergent_cells=()),
                varied=("timezone", "threads"),
            ),
            Level.REPEATS,
            "cell 1 differs when timezone, threads are varied",
        ),
        (Evidence(coverage=COMPARED), Level.ROBUST, "no saved outputs"),
        (
            Evidence(coverage=COMPARED, saved=Saved(available=True, divergent_cells=(4,), first=4)),
            Level.ROBUST,
            "cell 4 no longer gives its saved output",
        ),
        (Evidence(coverage=COMPARED, saved=Saved(available=True)), Level.MATCHES, "level 5"),
    ],
)
def test_each_rung_has_its_evidence_and_its_obstacle(evidence, level, words):
    """Every rung is reached by its own evidence, and the sentence names the next obstacle."""
    assert climb(evidence) == level
    assert words in held_back_by(evidence, level)


def test_the_obstacle_names_the_random_sources_that_had_diverged():
    """At level 1 the sentence says which source was drawn unseeded, and where."""
    evidence = Evidence(
        coverage=COMPARED,
        run_to_run=RunToRun(divergent_cells=(5,), first=5, plain_divergent_cells=(5,)),
        diverged_sources=(
            DivergedSource(name="rng", kind="", cell=2, how="made", drawn_here=False),
        ),
    )
    assert "rng, made unseeded in cell 2" in held_back_by(evidence, Level.RUNS)
