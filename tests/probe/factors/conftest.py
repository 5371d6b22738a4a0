"""A small notebook in a real rerun, under a plan, and what it left."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
import pytest
from fresh_python import ROOT
from nbformat.v4 import new_code_cell, new_notebook

from repro_nb.probe.factors import Host, Traces
from repro_nb.records import CellRecord, FactorUse
from repro_nb.rerun.isolation import workspace
from repro_nb.rerun.kernel import Launch, find_kernelspec
from repro_nb.rerun.notebook import read_notebook
from repro_nb.rerun.progress import Silent
from repro_nb.rerun.runner import Run, run_notebook
from repro_nb.rerun.stop import Stop
from repro_nb.rerun.vary import Plan, pinned


@dataclass(frozen=True)
class Rerun:
    """What a rerun of a notebook left."""

    run: Run
    sources: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """What each cell printed; where it failed, with the error."""
        outputs = [output or [] for output in self.run.outputs]
        failure = self.run.failure
        assert failure is None, failure.message + (failure.traceback or "")
        return ["".join(part.get("text", "") for part in parts) for parts in outputs]

    @property
    def records(self) -> tuple[CellRecord, ...]:
        """The record of each cell."""
        found = tuple(record for record in self.run.records if record is not None)
        assert len(found) == len(self.sources)
        assert [record.recorder_error for record in found] == [None] * len(found)
        return found

    @property
    def traces(self) -> Traces:
        """What factors look for themselves in."""
        return Traces(self.records, self.sources)

    def uses(self, factor: str) -> list[FactorUse]:
        """What was noted of a factor."""
        return list(self.traces.uses_of(factor))

    def told(self, factor: str) -> list[tuple[str, str, int, str]]:
        """Call, cell, line and code of each use of a factor."""
        return [(use.call, use.cell, use.line, use.code) for use in self.uses(factor)]


Rerunner = Callable[..., Rerun]


@pytest.fixture
def rerun(tmp_path: Path) -> Rerunner:
    """A function that runs a notebook of the given cells in a fresh kernel, all factors pinned unless told otherwise.

    Cells are named ``cell-0``, ``cell-1``, … ``files`` are written beside the notebook.
    """
    return partial(_rerun, tmp_path / "study")


@pytest.fixture(scope="module")
def rerun_once(tmp_path_factory: pytest.TempPathFactory) -> Rerunner:
    """The same, for runs that the tests of a module share."""
    return partial(_rerun, tmp_path_factory.mktemp("shared") / "study")


@pytest.fixture
def standard_tests() -> Callable[..., str]:
    """A function that runs tests of Python's own with factors held in the process, and gives what they print.

    Each module of tests is taken for a notebook's cell, so that what its lines ask for is held.
    """

    def run(module: str, held: dict[str, str], leave_out: Sequence[str] = ()) -> str:
        pytest.importorskip(module, reason="this interpreter comes without its tests")
        done = subprocess.run(
            [sys.executable, "-c", _TESTER, module, repr(held), *leave_out],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    return run


_TESTER = """
import ast, importlib, sys, unittest
from repro_nb.probe.factors import factors
from repro_nb.probe.factors.uses import Uses

name, held, *left_out = sys.argv[1:]
module = importlib.import_module(name)
uses = Uses()
uses.begin("cell", module.__file__)
for factor in factors():
    if factor.name in ast.literal_eval(held):
        factor.install(uses, ast.literal_eval(held)[factor.name])
for test in left_out:
    group, _, method = test.partition(".")
    cls = getattr(module, group)
    setattr(cls, method, unittest.skip("left out")(getattr(cls, method)))
unittest.main(module=module, argv=[name, "-q"], warnings="ignore")
"""


def _rerun(
    folder: Path, *cells: str, plan: Plan | None = None, files: dict[str, str] | None = None
) -> Rerun:
    folder.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    node = new_notebook(cells=[new_code_cell(source) for source in cells])
    for index, cell in enumerate(node.cells):
        cell["id"] = f"cell-{index}"
    path = folder / "study.ipynb"
    nbformat.write(node, path)
    return Rerun(asyncio.run(_run(path, plan or pinned())), cells)


async def _run(path: Path, plan: Plan) -> Run:
    spec = find_kernelspec("python3")
    with workspace(path) as space:
        host = Host(
            scratch=space.scratch,
            project=space.project,
            cwd=space.cwd,
            mounts=space.mounts,
            kernel_env=spec.env,
        )
        launch = Launch(name="python3", spec=spec, workspace=space, variation=plan(host))
        return await run_notebook(
            read_notebook(path),
            launch,
            name="A",
            limits=(120, None),
            stop=Stop(),
            progress=Silent(),
            with_environment=False,
        )
