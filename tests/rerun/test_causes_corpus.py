"""The labelled corpus of `benchmarks/causes`: it is well-formed, and a sample of it is explained as labelled."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from repro_nb.recording.store import read_recording, recording_path
from repro_nb.rerun import explain
from repro_nb.rerun.notebook import read_notebook
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.result import Cause, Failure, Grade, NotebookResult, Origin, Status

# Scripts that are run from their own folder find one another there.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "causes"))

from building import build
from corpus import Case, load, parse
from scoring import judge, summarise

FACTORS = [
    "python",
    "numpy",
    "torch",
    "tensorflow",
    "numba",
    "os-entropy",
    "hash-seed",
    "clock",
    "threads",
    "directory-order",
    "timezone",
    "locale",
    "process",
    "uninitialised-memory",
    "working-directory",
    "network",
    "cell-order",
    "stale-source",
    "environment",
    "missing-module",
    "missing-file",
    "missing-name",
    "removed-api",
    "time-out",
    "kernel-death",
    "unexplained",
]
SAMPLE = (
    "python-method-of-a-class",
    "numpy-shows-three-cells-later",
    "entropy-generator-in-a-class",
    "hash-set-of-words",
    "two-clock-and-entropy",
    "timezone-localtime",
    "dirs-first-match",
    "name-typo",
    "sound-draws-that-cancel",
    "sound-time-not-shown",
)

CASES = {case.name: case for case in load()}


def test_the_corpus_is_large_enough():
    """At least eighty notebooks, of which twenty-five or more are sound."""
    assert len(CASES) >= 80
    assert sum(case.sound for case in CASES.values()) >= 25


def test_every_factor_is_there_three_times():
    """No factor is judged by one lucky case."""
    counts = Counter(label.factor for case in CASES.values() for label in case.labels)
    assert set(counts) == set(FACTORS)
    assert min(counts.values()) >= 3


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_labels_point_at_real_cells_and_lines(case: Case):
    """A label names a cell that is there, and lines that hold code."""
    sources = [cell.source for cell in case.code_cells]
    assert not any("#@" in source for source in sources)
    for label in case.labels:
        assert sources[label.cell].strip()
        for cell, line in label.origins:
            assert sources[cell].splitlines()[line - 1].strip().partition("#")[0]


def test_every_notebook_can_be_built(tmp_path):
    """Each text becomes a notebook that can be read, with its recording beside it where it has one."""
    for case in CASES.values():
        path = build(replace(case, saved=False), tmp_path)
        cells = read_notebook(path).code_cells
        assert [cell.source for cell in cells] == [cell.source for cell in case.code_cells]
        if case.recording:
            recorded = [cell.id for cell in read_recording(recording_path(path)).cells]
            assert recorded == [cell.id for cell in cells]


def test_what_is_saved_with_a_cell_is_built(tmp_path):
    """Execution counts, outputs and the older source come from the marks below a cell."""
    text = "# %% [4] -> stale-source\nprint(2)\n#< print(1)\n#> 1\n"
    case = parse("study", text)
    (cell,) = read_notebook(build(case, tmp_path)).node.cells
    assert (cell.source, cell.execution_count) == ("print(2)", 4)
    assert cell.outputs[0].text == "1\n"
    assert case.cells[0].older == "print(1)"


@pytest.mark.parametrize(
    "text",
    [
        "print(1)\n",
        "# %% => clock\nx = 1\n",
        "# %%\nx = 1  #@ clock\n",
        "# /// labels\n# tiemout = 3\n# ///\n# %%\nx = 1\n",
    ],
    ids=["no cell", "unknown head", "origin without effect", "unknown setting"],
)
def test_a_slip_of_the_pen_is_refused(text):
    """A text that does not keep to the form is no case with fewer labels."""
    with pytest.raises(ValueError, match="study"):
        parse("study", text)


TWO_CAUSES = parse(
    "study",
    "# %%\nx = draw()  #@ python\n# %% -> python, clock\nprint(x, now())  #@ clock\n",
)


def cause(factor, cell, origin=None, grade=Grade.PROVED):
    where = None if origin is None else Origin(cell=origin[0], line=origin[1], code="")
    return Cause(cell=cell, factor=factor, grade=grade, evidence="", origin=where)


def scored(case, *causes):
    result = NotebookResult(notebook="study", level=None, status=Status.OK, causes=causes)
    return judge(case, result)


def test_what_is_named_rightly_scores_in_full():
    """Factor, cell and line count apart."""
    score = scored(TWO_CAUSES, cause("python", 1, (0, 1)), cause("clock", 1, (1, 1)))
    assert (score.hits, score.missed, score.wrong) == (("python", "clock"), (), ())
    assert (score.cells, score.origins) == ((True, True), (True, True))
    assert not score.remarks


def test_what_is_missed_and_what_is_made_up_are_told_apart():
    """A wrong name costs precision, a missing one recall; a wrong cell and a missing line are told."""
    score = scored(TWO_CAUSES, cause("python", 0), cause("threads", 1))
    assert (score.hits, score.missed, score.wrong) == (("python",), ("clock",), ("threads",))
    assert (score.cells, score.origins) == ((False,), (False,))
    total = summarise([score]).total
    assert (total.precision, total.recall) == (0.5, 0.5)


def test_a_sound_notebook_is_accused_by_any_cause():
    """Whatever its grade."""
    score = scored(parse("study", "# %%\n1\n"), cause("clock", 0, grade=Grade.SUSPECTED))
    summary = summarise([score])
    assert summary.accused == ("study",)
    assert summary.grades["suspected"].wrong == 1


def test_silence_about_a_notebook_that_could_not_run_is_no_merit():
    """A sound notebook whose kernel never started counts neither as spared nor as accused."""
    failure = Failure(cell=None, type="KernelUnavailableError", message="gone", exit_code=3)
    result = NotebookResult(notebook="study", level=None, status=Status.ERROR, error=failure)
    summary = summarise([judge(parse("study", "# %%\n1\n"), result)])
    assert (summary.sound, summary.accused, summary.unjudged) == (0, (), ("study",))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_is_explained_as_labelled(name, tmp_path):
    """Each cause is named with its cell and line, and nothing else is."""
    case = CASES[name]
    result = explain(build(replace(case, saved=False), tmp_path), VerifyOptions())
    assert not judge(case, result).remarks
