"""Builds a notebook of the corpus: the ``.ipynb`` file, what lies beside it, its recording, its history."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
from corpus import Case, Cell, SavedOutput
from nbclient import NotebookClient
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from repro_nb.recording.payloads import output_digest
from repro_nb.recording.recording import RecordedCell, Recording, RunBlock
from repro_nb.recording.store import recording_path, write_recording
from repro_nb.records import Environment, source_digest

__all__ = ["build", "obstacle"]

_PYTHON = "3.11.7"
_DAY = "2024-01-01T00:00:00+00:00"
_GIT = (
    "git",
    "-c", "user.name=corpus",
    "-c", "user.email=corpus@example.invalid",
    "-c", "commit.gpgsign=false",
)  # fmt: skip


def obstacle(case: Case) -> str | None:
    """Why a case cannot be judged here; None when it can."""
    for module in case.needs:
        if not _installed(module):
            return f"needs {module}"
    for module in case.absent:
        if _installed(module):
            return f"{module} is installed"
    return None


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it would lie in
        return False


def build(case: Case, parent: Path) -> Path:
    """Write a case into a folder of its own.

    Args:
        case: The notebook.
        parent: Where the folder is made, under the case's name.

    Returns:
        The path of the notebook.
    """
    folder = parent / case.name
    folder.mkdir(parents=True)
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.lstrip("\n"), "utf-8")
    path = folder / "notebook.ipynb"
    if case.git:
        _commit(case, path)
    nbformat.write(_notebook(case), path)
    if case.saved:
        _execute(path)
    if case.recording:
        write_recording(_recording(case), recording_path(path))
    if case.git:
        _git(folder, "commit", "--quiet", "--all", "--message", "second version")
    return path


def _notebook(case: Case, *, older: bool = False) -> Any:
    cells = [
        new_markdown_cell(cell.source) if cell.markdown else _code_cell(cell, older=older)
        for cell in case.cells
    ]
    for index, cell in enumerate(cells):
        cell["id"] = f"cell-{index}"
    node = new_notebook(cells=cells)
    node.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    node.metadata["language_info"] = {"name": "python", "version": case.python or _PYTHON}
    return node


def _code_cell(cell: Cell, *, older: bool) -> Any:
    source = cell.older if older and cell.older is not None else cell.source
    node = new_code_cell(source, execution_count=cell.count)
    node.outputs = [_output(output, cell) for output in cell.outputs]
    return node


def _output(output: SavedOutput, cell: Cell) -> Any:
    if output.sign == ">":
        return new_output("stream", name="stdout", text=output.text + "\n")
    if output.sign == "=":
        data = {"text/plain": output.text}
        return new_output("execute_result", data=data, execution_count=cell.count)
    ename, _, evalue = output.text.partition(": ")
    return new_output(
        "error", ename=ename, evalue=evalue, traceback=_traceback(cell, ename, evalue)
    )


def _traceback(cell: Cell, ename: str, evalue: str) -> list[str]:
    """What IPython prints of an error in the first line."""
    lines = (cell.older or cell.source).splitlines()
    arrow = [f"{'----> ' if n == 1 else '      '}{n} {line}" for n, line in enumerate(lines, 1)]
    head = f"{ename:<42}Traceback (most recent call last)"
    where = f"Cell In[{cell.count}], line 1"
    return ["-" * 75, head, "\n".join([where, *arrow]), f"{ename}: {evalue}"]


def _execute(path: Path) -> None:
    node = nbformat.read(path, as_version=4)
    client = NotebookClient(node, resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    for cell in node.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(node, path)


def _recording(case: Case) -> Recording:
    """A recording of the run that gave the saved outputs, in the environment of that day."""
    return Recording(
        notebook="notebook.ipynb",
        kernel={"name": "python3", "language": "python"},
        cells=tuple(
            _recorded(index, cell, f"cell-{position}")
            for index, (position, cell) in enumerate(
                (n, cell) for n, cell in enumerate(case.cells) if not cell.markdown
            )
        ),
        run=RunBlock(created=_DAY, repro_nb="0.1.0"),
        level=4,
        environment=_environment(case),
    )


def _recorded(index: int, cell: Cell, cell_id: str) -> RecordedCell:
    outputs = [dict(_output(output, cell)) for output in cell.outputs]
    return RecordedCell(
        index=index,
        id=cell_id,
        source_digest=source_digest(cell.older or cell.source),
        status="ok",
        outputs=tuple(outputs),
        output_digests=tuple(map(output_digest, outputs)),
    )


def _environment(case: Case) -> Environment | None:
    if not case.packages:
        return None
    return Environment(
        python=f"CPython {case.python or _PYTHON}",
        os="Linux 5.4.0 x86_64",
        cpu="a processor",
        cpu_count=2,
        threads={},
        blas={},
        accelerators=(),
        packages=dict(case.packages),
        variables={},
    )


def _commit(case: Case, path: Path) -> None:
    """Put the older version of the notebook, with the same outputs, into a repository."""
    nbformat.write(_notebook(case, older=True), path)
    _git(path.parent, "init", "--quiet")
    _git(path.parent, "add", ".")
    _git(path.parent, "commit", "--quiet", "--message", "first version")


def _git(folder: Path, *arguments: str) -> None:
    command: Sequence[str] = (*_GIT, *arguments)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
