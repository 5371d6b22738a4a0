"""Real runs of small notebooks: one with every factor pinned, one with a factor varied, and the causes between them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, to_notebook_json

from repro_nb.rerun import judge
from repro_nb.rerun.attribution import attribute
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.notebook import Notebook, read_notebook
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.progress import Silent
from repro_nb.rerun.result import Cause
from repro_nb.rerun.runner import Run
from repro_nb.rerun.stop import Stop
from repro_nb.rerun.vary import pinned


@dataclass(frozen=True)
class Trial:
    """Two runs of a notebook, and what was made of them."""

    notebook: Notebook
    reference: Run
    varied: Run
    causes: tuple[Cause, ...]

    @property
    def places(self) -> list[tuple[int, tuple[int, int] | None, tuple[int, ...]]]:
        """The cell, the line of origin and the inheriting cells of each cause."""
        return [
            (each.cell, each.origin and (each.origin.cell, each.origin.line), each.inherited_by)
            for each in self.causes
        ]


Trier = Callable[..., Trial]


@pytest.fixture(scope="session")
def in_memory() -> Callable[..., Notebook]:
    """A function that makes a notebook of the given cells, which is nowhere on disk."""

    def make(*cells: str) -> Notebook:
        node = to_notebook_json(new_notebook(cells=[new_code_cell(source) for source in cells]))
        return Notebook(Path("/nowhere/study.ipynb"), node)

    return make


@pytest.fixture
def tried(tmp_path: Path) -> Trier:
    """A function that runs a notebook of the given cells with a factor pinned, and varied."""

    def run(factor: str, *cells: str, files: dict[str, str] | None = None) -> Trial:
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return asyncio.run(_tried(_written(tmp_path / "study.ipynb", cells), factor))

    return run


def _written(path: Path, cells: Sequence[str]) -> Notebook:
    node = new_notebook(cells=[new_code_cell(source) for source in cells])
    for index, cell in enumerate(node.cells):
        cell["id"] = f"cell-{index}"
    nbformat.write(node, path)
    return read_notebook(path)


async def _tried(notebook: Notebook, factor: str) -> Trial:
    options = VerifyOptions()
    with ExitStack() as spaces:
        bench = Bench(notebook, "python3", options, Silent(), Stop(), spaces)
        reference = await bench.one(Order(plan=pinned()))
        assert reference.failure is None, reference.failure
        drawn = {
            record.cell_id: (factor,)
            for record in reference.records
            if record is not None and any(name.split(".")[0] == factor for name in record.draws)
        }
        seed = bench.hash_seeds(2, reference="0")[1]
        plan = pinned({factor: 0}, trace=drawn)
        varied = await bench.one(Order(plan=plan, hash_seed=seed))
        assert varied.failure is None, varied.failure
    differing = judge.divergent(judge.compare_runs(notebook, reference, varied, options))
    assert differing, "the factor changes nothing"
    causes = attribute(notebook, factor, reference, varied, differing)
    return Trial(notebook, reference, varied, causes)
