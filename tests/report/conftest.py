"""Results to render, as an examination gives them."""

import base64
import io
from dataclasses import replace

import pytest
from PIL import Image

from repro_nb.findings import Finding, Place, Severity
from repro_nb.recording.outcome import CellComparison, Outcome, OutputComparison
from repro_nb.records import Environment
from repro_nb.rerun.result import (
    UNEXPLAINED,
    Cause,
    CellResult,
    CellStatus,
    Coverage,
    DivergedSource,
    Failure,
    Grade,
    Level,
    NotebookResult,
    Origin,
    RunFacts,
    RunToRun,
    Saved,
    Status,
)

TABLE = "draws   estimate\n1000    {}\n10000   {}\n100000  3.1419\n"


def _picture(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 20), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _identical():
    output = OutputComparison(outcome=Outcome.IDENTICAL, output=0, kind="stdout")
    return CellComparison(outputs=(output,))


def _different():
    text = OutputComparison(
        outcome=Outcome.DIFFERENT,
        output=0,
        kind="stdout",
        reason="2 of 6 numbers differ by more than rtol 1e-06",
        expected=TABLE.format("3.1480", "3.1412"),
        actual=TABLE.format("3.1280", "3.1520"),
    )
    picture = OutputComparison(
        outcome=Outcome.DIFFERENT,
        output=1,
        kind="image/png",
        reason="140 of 640 pixels differ, at most by 212 of 255",
        expected="image/png, 32 by 20",
        actual="image/png, 32 by 20",
        expected_image=_picture("blue"),
        actual_image=_picture("green"),
        difference_image=_picture("black"),
    )
    return CellComparison(outputs=(text, picture))


CELLS = (
    CellResult(
        index=0,
        id="imports",
        source="import numpy as np",
        status=CellStatus.OK,
        run_to_run=CellComparison(outputs=()),
        saved=CellComparison(outputs=()),
        seconds=0.41,
    ),
    CellResult(index=1, id="empty", source="", status=CellStatus.SKIPPED),
    CellResult(
        index=2,
        id="generator",
        source="rng = np.random.default_rng()\nrng.random(3).shape",
        status=CellStatus.OK,
        run_to_run=_identical(),
        saved=_identical(),
        draws=("rng",),
        seconds=0.002,
    ),
    CellResult(
        index=3,
        id="study",
        source="for n in sizes:\n    print(n, estimate(rng, n))",
        status=CellStatus.OK,
        run_to_run=_different(),
        saved=_different(),
        draws=("rng",),
        seconds=1.3,
    ),
)


@pytest.fixture
def unseeded():
    """A notebook at level 1: an unseeded generator shows in its last cell."""
    return NotebookResult(
        notebook="notebooks/study.ipynb",
        level=Level.RUNS,
        status=Status.OK,
        coverage=Coverage(outputs=4, compared=3, identical=1, different=2, ignored=1),
        held_back_by="code cell 3 gives something else in every run",
        run_to_run=RunToRun(divergent_cells=(3,), first=3, plain_divergent_cells=(3,)),
        saved=Saved(divergent_cells=(3,), first=3, available=True, origin="notebook"),
        cells=CELLS,
        diverged_sources=(
            DivergedSource(
                name="rng",
                kind="numpy.random.Generator(PCG64)",
                cell=2,
                how="made",
                drawn_here=True,
            ),
        ),
        findings=(
            Finding(
                "draw-between-cells",
                Severity.WARNING,
                "python advanced between cells",
                Place(None, 2),
            ),
        ),
        runs=(
            RunFacts(name="A", seconds=3.2),
            RunFacts(name="B", varied={"hash-seed": "1234", "timezone": "XXX-5:45"}, seconds=3.1),
        ),
        not_varied=("locale: only C and POSIX are installed",),
        isolation="overlay",
        environment=Environment(
            python="CPython 3.11", os="Linux", cpu="x", cpu_count=2, packages={"numpy": "2.4"}
        ),
        seconds=9.5,
    )


@pytest.fixture
def explained(unseeded):
    """A notebook with causes: one that breaks every run and one that takes another machine; one cell unexplained."""
    cells = [
        CellResult(
            index=i, id=str(i), source="show(x)", status=CellStatus.OK, run_to_run=_different()
        )
        for i in range(4, 8)
    ]
    causes = (
        Cause(
            cell=2,
            factor="timezone",
            grade=Grade.PROVED,
            evidence="Varied alone, the time zone makes it differ.",
            fix="Give the zone: `datetime.now(UTC)`.",
            floating=False,
        ),
        Cause(
            cell=3,
            factor="os-entropy",
            grade=Grade.PROVED,
            evidence="With fresh random bits alone it differs; with fixed ones it does not.",
            fix="Give `rng` a seed: `np.random.default_rng(42)`.",
            origin=Origin(cell=2, line=1, code="rng = np.random.default_rng()"),
            inherited_by=(4, 5, 6),
        ),
        Cause(cell=7, factor=UNEXPLAINED, grade=Grade.OBSERVED, evidence="Two pinned runs differ."),
    )
    return replace(unseeded, cells=(*unseeded.cells, *cells), causes=causes)


@pytest.fixture
def sound():
    """A notebook at level 4."""
    return NotebookResult(
        notebook="notebooks/sound.ipynb",
        level=Level.MATCHES,
        status=Status.OK,
        coverage=Coverage(outputs=1, compared=1, identical=1),
        held_back_by="level 5 needs a lock file",
        saved=Saved(available=True, origin="notebook"),
        cells=CELLS[:3],
        seconds=5.1,
    )


@pytest.fixture
def failing():
    """A notebook that raises."""
    cell = CellResult(
        index=0, id="a", source="df['speices']", status=CellStatus.FAILED, seconds=0.1
    )
    later = CellResult(index=1, id="b", source="df.plot()", status=CellStatus.NOT_RUN)
    return NotebookResult(
        notebook="notebooks/broken.ipynb",
        level=Level.FAILS,
        status=Status.FAILED,
        error=Failure(
            cell=0,
            type="KeyError",
            message="'speices'",
            exit_code=1,
            traceback="Traceback (most recent call last):\nKeyError: 'speices'",
        ),
        coverage=Coverage(outputs=1, ignored=1),
        held_back_by="code cell 0 raises KeyError",
        cells=(cell, later),
        seconds=2,
    )


@pytest.fixture
def unjudged():
    """A notebook whose kernel is missing."""
    return NotebookResult(
        notebook="notebooks/other.ipynb",
        level=None,
        status=Status.ERROR,
        error=Failure(
            cell=None,
            type="KernelUnavailableError",
            message="there is no kernel named 'ir'\nInstall it, or name another with --kernel.",
            exit_code=3,
        ),
    )


@pytest.fixture
def every_kind(unseeded, sound, failing, unjudged):
    """One result of each kind."""
    return [unseeded, sound, failing, unjudged]


HOSTILE = (
    "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    "\"'><svg onload=window.hacked=1>javascript:alert(1) [x](javascript:alert(1)) `` ``` [red] "
    "\x1b]0;title\x07\x1b[31m &lt;b&gt; \u202e |"
)


@pytest.fixture
def hostile():
    """A result in which every text that comes from a notebook tries to break out."""
    output = OutputComparison(
        outcome=Outcome.DIFFERENT,
        output=0,
        kind=HOSTILE,
        reason=HOSTILE,
        expected=HOSTILE,
        actual=f"{HOSTILE}\n{HOSTILE}",
        expected_image=HOSTILE,
        actual_image=_picture("red"),
    )
    comparison = CellComparison(outputs=(output,))
    cell = CellResult(
        index=0,
        id=HOSTILE,
        source=HOSTILE,
        status=CellStatus.FAILED,
        run_to_run=comparison,
        saved=comparison,
        draws=(HOSTILE,),
        seconds=1,
    )
    return NotebookResult(
        notebook=HOSTILE,
        level=Level.FAILS,
        status=Status.FAILED,
        error=Failure(
            cell=0, type=HOSTILE, message=f"{HOSTILE}\n{HOSTILE}", exit_code=1, traceback=HOSTILE
        ),
        coverage=Coverage(outputs=1, compared=1, different=1),
        held_back_by=HOSTILE,
        run_to_run=RunToRun(divergent_cells=(0,), first=0, plain_divergent_cells=(0,)),
        cells=(cell,),
        diverged_sources=(
            DivergedSource(name=HOSTILE, kind=HOSTILE, cell=0, how="drawn", drawn_here=True),
        ),
        causes=(
            Cause(
                cell=0,
                factor=HOSTILE,
                grade=Grade.SUSPECTED,
                evidence=f"{HOSTILE}\n\n{HOSTILE}",
                fix=HOSTILE,
                origin=Origin(cell=0, line=1, code=f"{HOSTILE}\n{HOSTILE}"),
            ),
        ),
        findings=(Finding(HOSTILE, Severity.NOTE, HOSTILE, Place(HOSTILE, 0), HOSTILE, HOSTILE),),
        runs=(RunFacts(name=HOSTILE, varied={HOSTILE: HOSTILE}),),
        not_varied=(HOSTILE,),
        isolation=HOSTILE,
        environment=Environment(
            python=HOSTILE, os=HOSTILE, cpu=HOSTILE, cpu_count=1, packages={HOSTILE: HOSTILE}
        ),
        bar_reason=HOSTILE,
        recording=HOSTILE,
    )
