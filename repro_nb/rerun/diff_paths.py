"""Compares two recordings, two executed notebooks, or two folders of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from repro_nb.errors import NotebookError, UsageError
from repro_nb.recording.align import CellKey
from repro_nb.recording.compare import CompareOptions
from repro_nb.recording.diff import NotebookDiff, Side, SideCell, diff_sides
from repro_nb.recording.store import read_recording, recording_path
from repro_nb.records import source_digest
from repro_nb.rerun.notebook import Notebook, read_notebook

__all__ = ["diff_paths", "read_side"]


def diff_paths(
    left: Path, right: Path, options: CompareOptions | None = None
) -> Iterator[NotebookDiff]:
    """Compares what lies at two paths; in folders, what has the same relative path.

    Args:
        left: A recording, an executed notebook, or a folder.
        right: The same.
        options: How outputs are compared.

    Yields:
        One difference for each notebook; two files give exactly one.

    Raises:
        UsageError: One path is a folder and the other is not, or a folder holds nothing to compare.
        NotebookError: A notebook cannot be read, or was never executed.
        RecordingError: A recording cannot be read.
    """
    if left.is_dir() != right.is_dir():
        raise UsageError(
            "one is a folder and the other is a file",
            where=f"{left} {right}",
            hint="Name two recordings, two executed notebooks, or two folders.",
        )
    if not left.is_dir():
        yield diff_sides(read_side(left), read_side(right), options)
        return
    ours, theirs = _comparable_files(left), _comparable_files(right)
    for name in sorted({*ours, *theirs}):
        if name in ours and name in theirs:
            yield diff_sides(read_side(ours[name]), read_side(theirs[name]), options, name)
        else:
            yield NotebookDiff(name=name, left=_text(ours.get(name)), right=_text(theirs.get(name)))


def read_side(path: Path) -> Side:
    """What lies at `path`, ready to compare.

    Raises:
        NotebookError: It is a notebook that cannot be read, or that was never executed.
        RecordingError: It is a recording that cannot be read.
    """
    if path.suffix == ".ipynb":
        return _side_of_notebook(read_notebook(path), path)
    return Side.of_recording(read_recording(path), str(path))


def _side_of_notebook(notebook: Notebook, path: Path) -> Side:
    if not notebook.has_saved_outputs:
        recorded = recording_path(path)
        hint = f"Compare {recorded} instead." if recorded.exists() else "Run it and save it first."
        raise NotebookError(
            "holds no outputs: there is nothing to compare", where=str(path), hint=hint
        )
    cells = tuple(
        SideCell(
            key=CellKey(cell.id, source_digest(cell.source)),
            source=cell.source,
            outputs=cell.outputs,
        )
        for cell in notebook.code_cells
    )
    return Side(name=str(path), cells=cells)


def _comparable_files(folder: Path) -> dict[str, Path]:
    """Recordings and notebooks by relative path without suffix; a recording goes before its notebook."""
    found: dict[str, Path] = {}
    for suffix in (".ipynb", ".repro.json"):
        for path in sorted(folder.rglob(f"*{suffix}")):
            relative = path.relative_to(folder)
            if not any(part.startswith(".") for part in relative.parts):
                found[relative.as_posix().removesuffix(suffix)] = path
    if not found:
        raise UsageError("holds no recording and no notebook", where=str(folder))
    return found


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
