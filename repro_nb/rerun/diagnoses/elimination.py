"""What can have changed since a notebook was saved; where it is nothing but the text, the text it is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.diagnoses.history_of_runs import execution_counts
from repro_nb.rerun.diagnoses.names import imported_by, names_of, upstream
from repro_nb.rerun.diagnoses.saved_record import tells_of
from repro_nb.rerun.diagnoses.shell import shell_lines
from repro_nb.rerun.diagnoses.versions import recorded_version, used_version

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["nothing_else_changed", "saved_python"]

_PURE = frozenset(
    {
        "__future__", "abc", "array", "ast", "base64", "bisect", "cmath", "collections", "copy",
        "dataclasses", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq",
        "itertools", "json", "math", "numbers", "operator", "pprint", "random", "re", "statistics",
        "string", "struct", "textwrap", "types", "typing", "unicodedata",
    }
)  # fmt: skip
"""Modules of the standard library that take nothing from outside the notebook."""
_REACHING_OUT = frozenset(
    {
        "__import__",
        "compile",
        "eval",
        "exec",
        "get_ipython",
        "globals",
        "hash",
        "id",
        "input",
        "open",
    }
)


def nothing_else_changed(case: Case, cell: int) -> str | None:
    """Why nothing but its text can have changed the output of `cell`; None where something else can.

    It takes nothing from files, clock, network or system; Python is the one of then, and so are the packages, or
    there are none; and the execution counts show one session from the top without a run more.
    """
    slice_ = (*upstream(case.cells, cell), cell)
    if not _ran_once_from_the_top(case, cell) or _reaches_out(case, range(cell + 1), slice_):
        return None
    if saved_python(case) != _minor(used_version(case, "python") or ""):
        return None
    packages = imported_by(case.cells, slice_) - _PURE
    if not all(_unchanged(case, cell, package) for package in packages):
        return None
    with_packages = f", {', '.join(sorted(packages))} of the same version" if packages else ""
    return (
        "The cell takes nothing from outside the notebook, Python is the one that it was saved with"
        f"{with_packages}, and every cell ran once, from the top: only a text can have changed since."
    )


def saved_python(case: Case) -> str | None:
    """The minor version of the Python that the notebook was saved with, such as ``3.11``; None where unknown."""
    info = case.notebook.node.metadata.get("language_info", {})
    version = info.get("version") if isinstance(info, dict) else None
    return _minor(version) if isinstance(version, str) else None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _ran_once_from_the_top(case: Case, cell: int) -> bool:
    counts = execution_counts(case)
    written = [each.index for each in case.cells if each.source.strip()]
    return counts.is_whole and all(index in counts.counts for index in written if index <= cell)


def _reaches_out(case: Case, before: Iterable[int], slice_: Iterable[int]) -> bool:
    if any(names_of(case.cells[index].source).opaque for index in before):
        return True
    return any(_asks_the_system(case, index) for index in slice_)


def _asks_the_system(case: Case, cell: int) -> bool:
    tree = parse_cell(case.cells[cell].source)
    if tree is None or next(shell_lines(case, cell), None) is not None:
        return True
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return bool(names & _REACHING_OUT)


def _unchanged(case: Case, cell: int, package: str) -> bool:
    if package in sys.stdlib_module_names:
        return False  # it may take something from outside
    recorded = recorded_version(case, package) if tells_of(case, cell) else None
    return recorded is not None and recorded == used_version(case, package)
