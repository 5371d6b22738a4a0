"""Causes in words, as all reports give them."""

import re
from dataclasses import replace

import pytest

from repro_nb.recording.outcome import CellComparison, Outcome, OutputComparison
from repro_nb.rerun.fix.edits import EDITS
from repro_nb.rerun.report import envelope, html, text, validate
from repro_nb.rerun.report.advice import next_step
from repro_nb.rerun.report.causes import cause_labels, cause_texts, held_back_text, why_title
from repro_nb.rerun.result import (
    UNEXPLAINED,
    Cause,
    DivergedSource,
    Failure,
    Grade,
    Level,
    Origin,
    RunToRun,
    Saved,
    Status,
)

FACTORS = (
    *("python", "numpy", "torch", "tensorflow", "cupy", "numba"),
    *("os-entropy", "hash-seed", "clock", "threads", "directory-order", "timezone"),
    *("locale", "process", "uninitialised-memory", "accelerator", "working-directory", "network"),
    *(
        "cell-order",
        "stale-source",
        "environment",
        "missing-module",
        "missing-file",
        "missing-name",
    ),
    *("removed-api", "time-out", "kernel-death"),
)


def cause(factor="clock", **changes):
    """A proved cause in cell 3."""
    return Cause(**{"cell": 3, "factor": factor, "grade": Grade.PROVED, "evidence": "", **changes})


def headline(result, *causes):
    """The headline of the first cause."""
    return cause_texts(replace(result, causes=causes))[0].headline


@pytest.mark.parametrize("factor", FACTORS)
def test_every_factor_is_told_in_a_sentence(unseeded, factor):
    """Not by its name alone."""
    sentence = headline(unseeded, cause(factor))
    assert re.match(r"Cell 3 (differs|no longer gives its saved output) because \w", sentence)
    assert f"depends on {factor}" not in sentence


def test_a_factor_of_somebody_elses_is_named(unseeded):
    """A package can bring its own."""
    assert (
        headline(unseeded, cause("moon-phase")) == "Cell 3 differs because it depends on moon-phase"
    )


def test_the_line_at_fault_is_the_subject(unseeded):
    """In another cell, or in the cell itself."""
    there = Origin(cell=1, line=4, code="t = time.time()")
    here = Origin(cell=3, line=2, code="t = time.time()")
    assert headline(unseeded, cause(origin=there)).endswith(
        "because line 4 of cell 1 reads the clock"
    )
    assert headline(unseeded, cause(origin=here)).endswith("because its line 2 reads the clock")


def test_what_takes_another_machine_is_told_apart(unseeded):
    """A standing factor does not differ here."""
    sentence = headline(unseeded, cause("timezone", floating=False))
    assert sentence.startswith("Cell 3 would differ on another machine because")
    assert "races" in headline(unseeded, cause("threads"))
    assert "number of threads" in headline(unseeded, cause("threads", floating=False))


def test_a_difference_from_the_saved_outputs_is_told_apart(unseeded):
    """Fresh runs agree there."""
    old = replace(
        unseeded, run_to_run=RunToRun(), saved=Saved(divergent_cells=(3,), first=3, available=True)
    )
    assert headline(old, cause("stale-source")) == (
        "Cell 3 no longer gives its saved output because its code was changed after the output was saved"
    )
    assert "no longer gives its saved output" in headline(old, cause("network"))


def test_what_breaks_every_run_comes_first(explained, failing):
    """Failures, then the first divergent cell, then what is unexplained, then other machines."""
    order = [each.cause.factor for each in cause_texts(explained)]
    assert order == ["os-entropy", UNEXPLAINED, "timezone"]
    causes = (cause("clock"), cause("missing-file", cell=0))
    assert cause_texts(replace(failing, causes=causes))[0].cause.factor == "missing-file"


def test_what_is_unexplained_is_called_so_without_a_grade(explained):
    """No cause is made up."""
    last = cause_texts(explained)[1]
    assert last.headline == "Cell 7 differs, and no known factor explains it"
    assert last.grade == ""


def test_cells_that_inherit_say_from_which(explained):
    """And a cell can have causes of its own besides."""
    assert cause_labels(explained, 3) == ("os-entropy",)
    assert cause_labels(explained, 5) == ("from cell 3",)
    assert cause_labels(explained, 0) == ()
    both = (*explained.causes, cause("clock", cell=5))
    assert cause_labels(replace(explained, causes=both), 5) == ("clock", "from cell 3")


def test_the_line_that_rebuilds_the_stream_stands_with_its_cause(explained):
    """So that a result worth keeping is not lost."""
    source = DivergedSource(
        name="rng",
        kind="numpy.random.Generator(PCG64)",
        cell=2,
        how="made",
        drawn_here=True,
        rebuilt_by="np.random.default_rng(0x47a9)",
    )
    result = replace(explained, diverged_sources=(source,))
    assert "Run A drew from `np.random.default_rng(0x47a9)`." in cause_texts(result)[0].evidence


def test_the_title_says_what_the_causes_hold_back(explained, failing, unjudged):
    """The next rung, a failure, or a judgement."""
    assert why_title(explained) == "Why not level 2 (repeats)"
    assert why_title(replace(explained, level=Level.ROBUST)) == "Why not level 4 (matches)"
    assert why_title(failing) == "Why it fails"
    assert why_title(unjudged) == "Why it could not be judged"


def test_a_cell_that_takes_too_long_has_its_cause_too(unjudged, sound):
    """It could not be judged, and the cell is known."""
    late = Failure(cell=2, type="CellTimeoutError", message="after 2 s", exit_code=3)
    result = replace(unjudged, error=late, cells=sound.cells)
    assert headline(result, cause("time-out", cell=2)) == (
        "Cell 2 fails because it takes longer than it may"
    )


def test_without_causes_what_holds_back_is_the_ladders_sentence(unseeded, explained):
    """With them it is the first cause in short."""
    assert held_back_text(unseeded) == unseeded.held_back_by
    assert held_back_text(explained) == "cell 3 differs: os-entropy, from cell 2, line 1"


def test_json_gives_every_cause(explained, hostile):
    """In the order of cells, with all that is known."""
    data = envelope([explained, hostile])
    validate(data)
    assert data["results"][0]["causes"][1] == {
        "cell": 3,
        "factor": "os-entropy",
        "origin": {"cell": 2, "line": 1, "code": "rng = np.random.default_rng()"},
        "origin_seen": True,
        "grade": "proved",
        "evidence": "With fresh random bits alone it differs; with fixed ones it does not.",
        "fix": "Give `rng` a seed: `np.random.default_rng(42)`.",
        "floating": True,
        "inherited_by": [4, 5, 6],
    }
    assert data["results"][0]["causes"][2]["origin"] is None


def test_an_explanation_has_an_envelope_of_its_own(explained):
    """The results in it have the same form."""
    data = envelope([explained], "repro_nb/explain/1")
    validate(data)
    assert data["schema"] == "repro_nb/explain/1"


def test_the_page_leads_with_the_causes(explained):
    """Before the details; each with its factor and its grade, and the rows of cells with theirs."""
    page = html([explained])
    assert page.index("Why not level 2 (repeats)") < page.index("First divergent cell")
    assert '<span class="tag">os-entropy</span>' in page
    assert re.search(r'<span class="tag proved" title="[^"]+">proved</span>', page)
    assert '<td><span class="tag">from cell 3</span></td>' in page
    assert 'class="cause elsewhere"' in page


def test_a_report_of_many_causes_is_cut_in_a_terminal_alone(explained):
    """The page and the JSON give all."""
    many = replace(explained, causes=tuple(cause(cell=number) for number in range(8)))
    assert "… 2 more causes" in text([many])
    assert html([many]).count('<li class="cause">') == 8


@pytest.mark.parametrize("factor", FACTORS)
def test_the_command_that_edits_is_named_only_where_there_is_an_edit(explained, factor):
    """`repro-nb fix` is promised for what its table treats, and for all of it."""
    treated = {each for edit in EDITS for each in edit.factors}
    step = next_step(replace(explained, causes=(cause(factor=factor),)))
    assert ("repro-nb fix" in step) == (factor in treated)


def test_an_exception_that_was_saved_is_called_so(explained):
    """No factor is looked for behind it: level 0, how to say that it is meant, and no other command."""
    error = Failure(cell=3, type="IndexError", message="list index out of range", exit_code=1)
    same = OutputComparison(outcome=Outcome.IDENTICAL, output=0, kind="error")
    failed = replace(explained.cells[3], saved=CellComparison(outputs=(same,)))
    result = replace(
        explained,
        level=Level.FAILS,
        status=Status.FAILED,
        error=error,
        held_back_by="it raises the error it was saved with",
        cells=(*explained.cells[:3], failed),
        causes=(cause(cell=3, factor=UNEXPLAINED, fix="", origin=None),),
    )
    (told,) = cause_texts(result)
    assert told.headline == "Cell 3 fails: it raises the error it was saved with"
    assert held_back_text(result) == result.held_back_by
    assert "tag it `raises-exception` if it is meant to" in next_step(result)
