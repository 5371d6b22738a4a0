"""Cases: notebooks that were really run, and failures as kernels of any version report them."""

import asyncio
import warnings
from contextlib import ExitStack

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from repro_nb.recording.compare.terminal import strip_colours
from repro_nb.records import Environment
from repro_nb.rerun import VerifyOptions, judge
from repro_nb.rerun.bench import Bench, Order
from repro_nb.rerun.diagnoses import Case, diagnose
from repro_nb.rerun.isolation import Workspace
from repro_nb.rerun.kernel import Launch, find_kernelspec
from repro_nb.rerun.notebook import read_notebook
from repro_nb.rerun.progress import Silent
from repro_nb.rerun.result import CellStatus, Failure
from repro_nb.rerun.runner import Run
from repro_nb.rerun.saved import saved_outputs
from repro_nb.rerun.stop import Stop
from repro_nb.rerun.vary import Variation, plain


async def _examined(path, options, ask):
    book = read_notebook(path)
    saved = saved_outputs(book)
    with ExitStack() as spaces:
        bench = Bench(book, "python3", options, Silent(), Stop(), spaces)
        run = await bench.one(Order(plan=plain, with_environment=True))

        async def rerun(order, sources=None):
            return await bench.one(Order(plan=plain, cells=order, sources=sources or {}))

        differs = judge.divergent(judge.compare_with_saved(book, saved, run, options))
        case = Case(
            notebook=book, saved=saved, run=run, differs=differs, options=options, rerun=rerun
        )
        return await ask(case)


@pytest.fixture
def diagnosed():
    """A function that runs a notebook once in a fresh kernel and returns the causes of what is wrong with it."""

    def examine(path, ask=diagnose, **settings):
        return asyncio.run(_examined(path, VerifyOptions(**settings), ask))

    return examine


@pytest.fixture
def cause_of(diagnosed):
    """A function that returns the one cause that a notebook is diagnosed with."""

    def examine(path, **settings):
        (cause,) = diagnosed(path, **settings)
        return cause

    return examine


@pytest.fixture
def failing(notebook, tmp_path):
    """A function that makes the case of a notebook whose last cell failed in a given way; nothing is run."""

    def make(*cells, type="Error", message="", traceback="", packages=None, exit_code=1):  # noqa: A002  it is a failure's field
        book = read_notebook(notebook(*cells))
        last = len(cells) - 1
        space = Workspace(how="in-place", scratch=tmp_path, cwd=tmp_path, project=tmp_path)
        launch = Launch(
            name="python3",
            spec=find_kernelspec("python3"),
            workspace=space,
            variation=Variation(),
        )
        node = book.blank_copy()
        for number, cell in enumerate(node.cells, 1):
            cell.execution_count = number
        failure = Failure(
            cell=last, type=type, message=message, exit_code=exit_code, traceback=traceback
        )
        run = Run(
            name="A",
            launch=launch,
            node=node,
            statuses=(*[CellStatus.OK] * last, CellStatus.FAILED),
            outputs=tuple([] for _ in cells),
            records=tuple(None for _ in cells),
            cell_seconds=tuple(0.0 for _ in cells),
            failure=failure,
            environment=Environment(
                python="CPython 3.11.7", os="", cpu="", cpu_count=1, packages=packages or {}
            ),
        )
        return Case(
            notebook=book,
            saved=saved_outputs(book),
            run=run,
            differs=(),
            options=VerifyOptions(),
            rerun=None,
        )

    return make


@pytest.fixture
def told(failing):
    """A function that returns the one cause of a failure that is told, not made."""

    def make(*cells, **failure):
        (cause,) = asyncio.run(diagnose(failing(*cells, **failure)))
        return cause

    return make


@pytest.fixture
def failed_in_kernel(failing, tmp_path):
    """A function that runs cells in one kernel, past every error, and returns a case for each cell that raised."""

    def run(*cells):
        node = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        NotebookClient(node, allow_errors=True).execute(cwd=str(tmp_path))
        cases = []
        for number, cell in enumerate(node.cells, 1):
            for output in (each for each in cell.outputs if each.output_type == "error"):
                text = strip_colours("\n".join(output.traceback))
                case = failing(
                    *cells[:number], type=output.ename, message=output.evalue, traceback=text
                )
                cases.append(case)
        return cases

    return run


@pytest.fixture
def save_as():
    """A function that sets execution counts and outputs of a saved notebook, by code cell."""

    def change(path, counts=None, printed=None, values=None, python=None):
        node = nbformat.read(path, as_version=4)
        for index, cell in enumerate(node.cells):
            if counts is not None:
                cell.execution_count = counts[index]
            if index in (printed or {}):
                cell.outputs = [new_output("stream", name="stdout", text=printed[index] + "\n")]
            if index in (values or {}):
                data = {"text/plain": values[index]}
                cell.outputs = [new_output("execute_result", data=data, execution_count=1)]
        if python is not None:
            node.metadata["language_info"] = {"name": "python", "version": python}
        nbformat.write(node, path)
        return path

    return change


@pytest.fixture
def failed_in_process(told):
    """A function that runs code in this process, and returns the cause of its failure; no kernel is needed."""

    def fail(source):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(compile(source, "<cell>", "exec"), {})
            except Exception as error:  # noqa: BLE001  whatever the code raises
                trace = f"File /opt/site-packages/x.py:1\n{type(error).__name__}: {error}"
                kind, message = type(error).__name__, str(error)
        return told(source, type=kind, message=message, traceback=trace)

    return fail
