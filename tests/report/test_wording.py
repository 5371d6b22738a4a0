"""What a result means, in words."""

from dataclasses import replace

import pytest

from repro_nb.findings import Finding, Severity
from repro_nb.rerun.report.advice import next_step
from repro_nb.rerun.report.wording import (
    cell_label,
    ladder,
    notable_cells,
    run_lines,
    seconds_text,
    source_sentence,
    summary_counts,
    verdict,
)
from repro_nb.rerun.result import (
    CellResult,
    CellStatus,
    Coverage,
    DivergedSource,
    Failure,
    Level,
    RunFacts,
    RunToRun,
    Saved,
)


def test_the_verdict_gives_level_coverage_and_bits(unseeded):
    """One line that can be quoted."""
    assert verdict(unseeded) == "level 1 (runs): 3 of 4 outputs compared, 1 to the bit"


def test_one_run_is_not_tested(sound):
    """--runs 1 gives no level, and says so."""
    assert verdict(replace(sound, level=None)).startswith(
        "level not tested (one run): 1 of 1 output"
    )


def test_a_notebook_without_outputs_says_so(sound):
    """A vacuous pass is called one."""
    assert "no outputs to compare" in verdict(replace(sound, coverage=Coverage()))


@pytest.mark.parametrize("level", list(Level))
def test_the_ladder_marks_the_rungs_up_to_the_level(sound, level):
    """Level 0 is the ground, no rung to have climbed."""
    marks = "".join(rung.mark for rung in ladder(replace(sound, level=level)))
    assert marks == ("✗○○○○○" if level == 0 else "·" + "✓" * level + "○" * (5 - level))


def test_prompts_count_only_the_cells_that_run(unseeded):
    """An empty cell takes no number, as in a front end."""
    assert cell_label(unseeded, 1) == "cell 1"
    assert cell_label(unseeded, 2) == "cell 2, In [2]"


def test_a_long_notebook_shows_its_notable_cells(unseeded):
    """Cells that neither draw nor differ are left out."""
    dull = [
        CellResult(index=i, id=str(i), source="", status=CellStatus.OK, seconds=0.1)
        for i in range(4, 40)
    ]
    shown = notable_cells(replace(unseeded, cells=(*unseeded.cells, *dull)))
    assert [cell.index for cell in shown] == [2, 3]


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "—"), (0.0123, "12 ms"), (3.44, "3.4 s"), (125.2, "2 min 5 s")]
)
def test_durations_are_legible(seconds, text):
    """Three digits at most."""
    assert seconds_text(seconds) == text


def test_the_counts_of_many_notebooks_add_up(every_kind):
    """At or above, below, and could not be judged."""
    expected = "4 notebooks: 1 at or above the bar, 2 below, 1 could not be judged"
    assert summary_counts(every_kind) == expected


def test_every_level_has_its_next_step(unseeded, sound, failing, unjudged):
    """The advice is about what holds this notebook back."""
    assert "repro-nb explain" in next_step(unseeded)
    assert "repro-nb explain" in next_step(replace(unseeded, level=Level.REPEATS))
    assert "save it" in next_step(replace(unseeded, level=Level.ROBUST))
    assert "--update" in next_step(replace(sound, level=Level.ROBUST, saved=Saved()))
    assert "continuous integration" in next_step(sound)
    assert "to learn why cell 0 fails" in next_step(failing)
    assert "jupyter kernelspec list" in next_step(unjudged)
    assert "--runs" in next_step(replace(sound, level=None))


def test_the_next_step_is_the_fix_of_the_first_cause(explained):
    """With the command that makes the edit, where there is an edit for such a cause."""
    assert next_step(explained) == (
        "Give `rng` a seed: `np.random.default_rng(42)`. `repro-nb fix notebooks/study.ipynb` looks for an edit "
        "and proves it by reruns."
    )
    by_hand = replace(explained.causes[0], factor="network")
    assert next_step(replace(explained, causes=(by_hand,))) == "Give the zone: `datetime.now(UTC)`."


def test_what_stays_unexplained_is_said_with_what_to_look_for(explained):
    """Nothing is made up."""
    advice = next_step(replace(explained, causes=explained.causes[2:]))
    assert advice.startswith("Nothing that can be varied here explains cell 3.")
    assert "NBVAL_IGNORE_OUTPUT" in advice


def test_runs_that_were_not_made_for_lack_of_time_are_the_next_step(unseeded):
    """The remark says what they would take."""
    skipped = Finding("explanation-skipped", Severity.NOTE, "it would take about 3000 s")
    assert "further runs" in next_step(replace(unseeded, findings=(skipped,)))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"cells": ()}, "no code cells"),
        ({"coverage": Coverage(outputs=2, ignored=2)}, "marked not to be compared"),
        ({}, "prints or displays"),
    ],
)
def test_where_nothing_was_compared_the_advice_is_to_show_something(sound, changes, why):
    """There is no divergent cell to look in."""
    nothing = replace(sound, level=Level.RUNS, coverage=Coverage(), saved=Saved())
    advice = next_step(replace(nothing, **changes))
    assert advice.startswith("No cell shows anything that could be compared: ")
    assert why in advice
    assert "divergent cell" not in advice


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("drawn", "`numpy` was first drawn unseeded in cell 1"),
        ("made", "`numpy` was made unseeded in cell 1"),
        ("seeded", "`numpy` was seeded in cell 1 with a value that differs from run to run"),
    ],
)
def test_a_source_says_how_it_diverged(how, sentence):
    """First drawn, made, or seeded with what never repeats; cells by their index."""
    source = DivergedSource(name="numpy", kind="", cell=1, how=how, drawn_here=False)
    assert source_sentence(source) == sentence


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        ("NotebookError", "Check the path"),
        ("CellTimeoutError", "`--timeout`"),
        ("KernelDiedError", "`os._exit`"),
        ("SomethingNew", "what the error says"),
    ],
)
def test_every_error_has_its_own_next_step(unjudged, kind, piece):
    """What to do depends on what stopped it."""
    error = Failure(cell=None, type=kind, message="it stopped", exit_code=3)
    assert piece in next_step(replace(unjudged, error=error))


def test_after_an_interrupt_there_is_no_advice(unjudged):
    """The user knows."""
    error = Failure(cell=None, type="Interrupted", message="interrupted", exit_code=130)
    assert next_step(replace(unjudged, error=error)) == ""


def test_a_cell_that_plain_runs_differ_in_is_named_first(unseeded):
    """What differs by itself explains more than what needs other surroundings."""
    between = RunToRun(divergent_cells=(2, 3), first=2, plain_divergent_cells=(3,))
    advice = next_step(replace(unseeded, run_to_run=between, diverged_sources=()))
    assert "cell 3" in advice


def test_streams_by_cell_id_are_named_where_saved_outputs_differ(sound):
    """Front ends that send no ids save other numbers of such a notebook, and the advice says so."""
    robust = replace(sound, level=Level.ROBUST)
    assert "nbconvert" not in next_step(robust)
    seeding = replace(sound.cells[0], source="%load_ext repro_nb\n%repro_seed 42 --per-cell")
    advice = next_step(replace(robust, cells=(seeding,)))
    assert "outputs saved by nbconvert or papermill, which send none, are others" in advice
    assert "`repro-nb verify --save DIR`" in advice


def test_each_run_says_what_was_varied_and_how_far_it_went(unseeded):
    """A pinned run is no plain one, nor is that of a diagnosis."""
    runs = (
        RunFacts(name="A", cells=4, seconds=2),
        RunFacts(name="B", varied={"locale": "C"}, cells=4, seconds=2),
        RunFacts(name="C", pinned=("locale", "clock"), cells=4, seconds=2),
        RunFacts(name="D", varied={"clock": "+1 h"}, pinned=("locale",), cells=3, seconds=2),
        RunFacts(name="E", cells=4, seconds=2, altered="cells in the order 0, 2, 1, 3"),
    )
    assert run_lines(replace(unseeded, runs=runs)) == (
        "run A: plain (2.0 s)",
        "run B: varied locale = C (2.0 s)",
        "run C: every factor pinned (2.0 s)",
        "run D: varied clock = +1 h, all else pinned (3 of 4 cells, 2.0 s)",
        "run E: diagnosis, cells in the order 0, 2, 1, 3; plain (2.0 s)",
    )
