"""The worked examples keep what the README says: four are sound, two have an honest fault."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat
import pytest

from repro_nb.rerun import verify
from repro_nb.rerun.result import Level, NotebookResult, Status

EXAMPLES = Path(__file__).parent.parent / "notebooks"


@dataclass(frozen=True)
class Expectation:
    """What a worked example is known to do.

    Attributes:
        notebook: File name without suffix.
        level: The rung that it reaches.
        divergent: Every cell that differs between runs, and from the saved outputs.
        nbval_fails: The cells that nbval finds; it does not compare pictures.
        sources: Sources that had diverged when the first divergent cell began.
        ignored: How many outputs are tagged not to be compared.
        prompts: The numbers in the saved prompts, where the cells did not run from top to bottom.
    """

    notebook: str
    level: Level
    divergent: tuple[int, ...] = ()
    nbval_fails: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    ignored: int = 0
    prompts: tuple[int, ...] = ()

    @property
    def path(self) -> Path:
        """Where it is."""
        return EXAMPLES / f"{self.notebook}.ipynb"


EXPECTED = (
    Expectation("jax_regression", Level.MATCHES),
    # nbval runs cells without a prompt and without an id: what names prompts, or goes by ids, is other under it.
    Expectation("magics_tour", Level.MATCHES, ignored=1, nbval_fails=(4, 5, 6)),
    Expectation(
        "per_cell_streams", Level.MATCHES, nbval_fails=(1, 3, 4, 5), prompts=(1, 2, 3, 4, 8, 9, 6)
    ),
    Expectation("torch_learning_curve", Level.MATCHES),
    Expectation(
        "monte_carlo_pi", Level.RUNS, divergent=(6, 7), nbval_fails=(6,), sources=("bootstrap_rng",)
    ),
    Expectation("penguin_survey", Level.RUNS, divergent=(4, 8), nbval_fails=(4, 8)),
)
every_example = pytest.mark.parametrize("example", EXPECTED, ids=lambda example: example.notebook)


@cache
def verified(path: Path) -> NotebookResult:
    """`verify` of one example; each runs once per session."""
    return verify(path)


@pytest.fixture(scope="module")
def nbval_failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """Cells that ``pytest --nbval`` fails, by notebook, in one run over copies of all examples."""
    folder = tmp_path_factory.mktemp("nbval")
    for path in EXAMPLES.glob("*.ipynb"):
        shutil.copy(path, folder)
    command = [sys.executable, "-m", "pytest", "--nbval", "--junitxml=verdicts.xml", "-q", "."]
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=240)
    failures: dict[str, list[int]] = {path.name: [] for path in folder.glob("*.ipynb")}
    for case in ET.parse(folder / "verdicts.xml").iter("testcase"):
        if len(case):
            failures[case.attrib["classname"]].append(int(case.attrib["name"].split()[-1]))
    return failures


@every_example
def test_example_reaches_its_level(example: Expectation) -> None:
    """A sound example climbs to "matches"; a faulty one is held at "runs"."""
    result = verified(example.path)
    assert result.status is Status.OK
    assert result.level is example.level


@every_example
def test_example_diverges_where_it_is_known_to(example: Expectation) -> None:
    """The report names the cells that differ between runs, the first one first, and no others."""
    result = verified(example.path)
    assert result.run_to_run.divergent_cells == example.divergent
    assert result.run_to_run.first == next(iter(example.divergent), None)
    assert result.saved.divergent_cells == example.divergent


@every_example
def test_example_blames_only_the_sources_at_fault(example: Expectation) -> None:
    """The unseeded generator is named; set order, and sound notebooks, blame no source."""
    sources = verified(example.path).diverged_sources
    assert tuple(source.name for source in sources) == example.sources


@every_example
def test_example_raises_no_false_alarm(example: Expectation) -> None:
    """Nothing draws behind the cells' backs in an example, so the report makes no remark."""
    assert verified(example.path).findings == ()


@every_example
def test_example_is_compared_whole(example: Expectation) -> None:
    """No output is left out of the comparison but those whose cells ask for it."""
    coverage = verified(example.path).coverage
    assert coverage.compared > 0
    assert coverage.ignored == coverage.outputs - coverage.compared == example.ignored


@every_example
def test_example_gets_its_known_verdicts_from_nbval(
    example: Expectation, nbval_failures: dict[str, list[int]]
) -> None:
    """The examples run through nbval itself, which fails the faulty cells that it can see."""
    assert tuple(nbval_failures[example.path.name]) == example.nbval_fails


@every_example
def test_example_is_fit_to_be_committed(example: Expectation) -> None:
    """Outputs are saved, in the current format, without warnings, time stamps or machine paths."""
    notebook = nbformat.read(example.path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    prompts = tuple(cell.execution_count for cell in code)
    assert prompts == (example.prompts or tuple(range(1, len(code) + 1)))
    assert not any("execution" in cell.metadata for cell in code)
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert not any(mark in str(outputs) for mark in ("/home/", "/tmp/", "/root/", "C:\\"))
