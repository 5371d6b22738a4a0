"""Notebooks as they lie on disk: read leniently, never written, never executed here."""

from __future__ import annotations

import copy
import glob
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat.v4

from repro_nb.errors import NotebookError, UsageError
from repro_nb.recording.markers import CellMarker, cell_marker
from repro_nb.records import source_digest

__all__ = ["PINNED_SUFFIX", "CodeCell", "Notebook", "find_notebooks", "read_notebook"]

PINNED_SUFFIX = ".pinned.ipynb"
"""How the names of notebooks end that were executed with every factor pinned, where the user names no other."""


@dataclass(frozen=True, kw_only=True)
class CodeCell:
    """One code cell of a notebook.

    Attributes:
        index: Position over code cells, from 0.
        position: Position over all cells, from 0.
        id: The notebook's cell id, else ``<index>-<source digest>``.
        source: The cell's text.
        marker: What its tags and comments ask for.
        outputs: The saved outputs.
        executed: Whether the file says that the cell was run.
    """

    index: int
    position: int
    id: str
    source: str
    marker: CellMarker
    outputs: tuple[Any, ...]
    executed: bool


@dataclass(frozen=True)
class Notebook:
    """A notebook that was read.

    Attributes:
        path: Absolute path.
        node: Its content in nbformat 4; treat as read-only.
    """

    path: Path
    node: Any

    @cached_property
    def code_cells(self) -> tuple[CodeCell, ...]:
        """The code cells, in document order."""
        return tuple(_code_cells(self.node))

    @property
    def kernel_name(self) -> str | None:
        """The kernelspec that the notebook names."""
        name = self.node.metadata.get("kernelspec", {}).get("name")
        return name if isinstance(name, str) and name else None

    @property
    def language(self) -> str | None:
        """The programming language that its metadata names, in lower case."""
        named = (
            self.node.metadata.get("kernelspec", {}).get("language"),
            _as_mapping(self.node.metadata.get("language_info")).get("name"),
        )
        return next((name.lower() for name in named if isinstance(name, str) and name), None)

    @property
    def has_saved_outputs(self) -> bool:
        """Whether any cell was ever run: a notebook whose outputs were stripped says no."""
        return any(cell.outputs or cell.executed for cell in self.code_cells)

    def with_sources(self, sources: Mapping[int, str]) -> Notebook:
        """The notebook with other text in some code cells, by index; outputs and the file stay as they are."""
        node = copy.deepcopy(self.node)
        for index, text in sources.items():
            node.cells[self.code_cells[index].position].source = text
        return Notebook(self.path, node)

    def blank_copy(self) -> Any:
        """A copy to execute: without outputs, counters and widget state."""
        node = copy.deepcopy(self.node)
        node.metadata.pop("widgets", None)
        for cell in node.cells:
            if cell.cell_type == "code":
                cell.outputs = []
                cell.execution_count = None
        return node


_CURRENT = 4


def _as_mapping(value: Any) -> Mapping[str, Any]:
    """What should be a mapping; an empty one where a lax writer put something else."""
    return value if isinstance(value, Mapping) else {}


def read_notebook(path: Path) -> Notebook:
    """Read the notebook at `path`; formats 2 and 3 are converted in memory.

    Raises:
        NotebookError: It cannot be read, is not JSON, or is no notebook.
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotebookError(
            f"the file cannot be read: {error.strerror or error}", where=where
        ) from error
    except UnicodeDecodeError as error:
        raise NotebookError(f"the file is not UTF-8 text: {error.reason}", where=where) from error
    if not text.strip():
        raise NotebookError("the file is empty", where=where, hint="Save the notebook first.")
    return Notebook(path.resolve(), _node(text, where))


def _node(text: str, where: str) -> Any:
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotebookError(f"the file is not JSON: {error}", where=where) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise NotebookError("the file is JSON, but no notebook: it names no nbformat", where=where)
    if raw["nbformat"] < _CURRENT:
        raw = _converted(text, where)
    elif raw["nbformat"] > _CURRENT:
        message = f"the file is of nbformat {raw['nbformat']}, which is newer than {_CURRENT}"
        raise NotebookError(message, where=where)
    return nbformat.v4.to_notebook_json(_mended(raw, where))


def _converted(text: str, where: str) -> Any:
    """An old notebook in the current format."""
    # nbformat logs whatever is slightly off in a notebook; what matters is checked afterwards.
    log = logging.getLogger("traitlets")
    disabled, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.reads(text, as_version=_CURRENT)
    except Exception as error:
        message = f"the file is no notebook that nbformat can read: {type(error).__name__}: {error}"
        raise NotebookError(message, where=where) from error
    finally:
        log.disabled = disabled


def _mended(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """The notebook with what lax writers leave out, so that the rest of the program can rely on it."""
    if not isinstance(raw.get("cells"), list):
        raise NotebookError("the file is no notebook: it has no list of cells", where=where)
    metadata = raw.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    if not isinstance(metadata.get("kernelspec", {}), dict):
        del metadata["kernelspec"]
    minor = raw.get("nbformat_minor")
    cells = [_mended_cell(cell, n, where) for n, cell in enumerate(raw["cells"])]
    return {
        **raw,
        "metadata": metadata,
        "nbformat_minor": minor if isinstance(minor, int) else 0,
        "cells": cells,
    }


def _mended_cell(cell: Any, position: int, where: str) -> dict[str, Any]:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise NotebookError(f"cell {position} of all cells is no cell", where=where)
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise NotebookError(f"cell {position} of all cells has no text", where=where)
    metadata = cell.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    if not isinstance(metadata.get("tags", []), list):
        del metadata["tags"]
    mended = {**cell, "source": source, "metadata": metadata}
    if cell["cell_type"] == "code":
        outputs = cell.get("outputs")
        mended["outputs"] = [
            output
            for output in (outputs if isinstance(outputs, list) else [])
            if _is_output(output)
        ]
    return mended


def _is_output(output: Any) -> bool:
    if not isinstance(output, dict) or not isinstance(output.get("output_type"), str):
        return False
    return isinstance(output.get("data", {}), dict)


def _code_cells(node: Any) -> Iterator[CodeCell]:
    stored_ids = (node.get("nbformat"), node.get("nbformat_minor", 0)) >= (4, 5)
    index = 0
    for position, cell in enumerate(node.cells):
        if cell.cell_type != "code":
            continue
        stored = cell.get("id") if stored_ids else None
        yield CodeCell(
            index=index,
            position=position,
            id=stored if isinstance(stored, str) else f"{index}-{source_digest(cell.source)}",
            source=cell.source,
            marker=cell_marker(cell),
            outputs=tuple(cell.outputs),
            executed=cell.get("execution_count") is not None,
        )
        index += 1


def find_notebooks(paths: Sequence[str]) -> tuple[Path, ...]:
    """The notebooks that `paths` name: files as they are, folders searched, globs expanded; each once, in order.

    Hidden folders, and ``.ipynb_checkpoints`` among them, are not searched. What ``run --pinned`` made is left out of
    a folder: it is the same notebook once more.

    Raises:
        UsageError: A path does not exist, or a folder or glob holds no notebook.
    """
    found: dict[Path, None] = {}
    for name in paths:
        matches = list(_expand(name))
        if not matches:
            raise UsageError(
                "no notebook found", where=name, hint="Name .ipynb files, folders or globs."
            )
        found.update(dict.fromkeys(matches))
    return tuple(found)


def _expand(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from _search(path)
    elif path.exists() or not glob.has_magic(name):
        yield path
    else:
        for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207  Path.glob refuses absolute patterns
            if Path(match).is_dir():
                yield from _search(Path(match))
            elif match.endswith(".ipynb"):
                yield Path(match)


def _search(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (
            Path(root) / name
            for name in sorted(files)
            if name.endswith(".ipynb") and not name.endswith(PINNED_SUFFIX)
        )
