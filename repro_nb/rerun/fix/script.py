"""The notebook as a program: what its names stand for, and which nodes a cause points at."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun.fix.cell_text import CellText
from repro_nb.rerun.fix.changes import Import

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.result import Cause

__all__ = ["Binding", "Script", "Site", "script_of"]

_USUAL = {
    "numpy": "np",
    "pandas": "pd",
    "tensorflow": "tf",
    "cupy": "cp",
}


@dataclass(frozen=True)
class Binding:
    """A name that an import at the top level of a cell binds.

    Attributes:
        name: The name.
        path: What it stands for, such as ``numpy.random``.
        cell: Index of the code cell.
        line: The line on which the import ends.
    """

    name: str
    path: str
    cell: int
    line: int


@dataclass(frozen=True)
class Site:
    """A node in a cell.

    Attributes:
        cell: Index of the code cell.
        text: Its text.
        node: The node.
    """

    cell: int
    text: CellText
    node: ast.AST


@dataclass(frozen=True)
class Script:
    """The code cells of a notebook.

    Attributes:
        cells: Their texts.
        counts: Their saved execution counts; None where there is none.
        folder: The notebook's folder.
    """

    cells: tuple[CellText, ...]
    counts: tuple[int | None, ...] = ()
    folder: Path = Path()

    @property
    def sources(self) -> list[str]:
        """The cells' texts as they are."""
        return [text.source for text in self.cells]

    @cached_property
    def imported(self) -> tuple[Binding, ...]:
        """What imports at the top level of cells bind, in order."""
        return tuple(
            Binding(name, path, index, node.end_lineno or node.lineno)
            for index, text in enumerate(self.cells)
            for node in (text.tree.body if text.tree else ())
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name, path in _bindings(node)
        )

    @cached_property
    def stands_for(self) -> dict[str, str]:
        """What each name that is imported anywhere, or bound to something imported, stands for."""
        nodes = [node for text in self.cells for node in text.nodes()]
        names = {
            name: path
            for node in nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name, path in _bindings(node)
        }
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                path = _dotted(node.value, names)
                if path is not None:
                    names.setdefault(node.targets[0].id, path)
        return names

    @cached_property
    def used_names(self) -> frozenset[str]:
        """Every name that occurs in the notebook."""
        return frozenset(_names(self.cells))

    def path(self, node: ast.AST) -> str | None:
        """What an expression stands for, such as ``numpy.random.default_rng``; None for what is no imported name."""
        return _dotted(node, self.stands_for)

    def name_for(self, path: str) -> Import:
        """The name by which the notebook knows a module or function, else one that is free."""
        known = [binding.name for binding in self.imported if binding.path == path]
        if known:
            return Import(path, known[0])
        wanted = _USUAL.get(path, path.rpartition(".")[2])
        return Import(path, self.free_name(wanted))

    def free_name(self, wanted: str) -> str:
        """`wanted`, or something like it that the notebook does not use."""
        candidates = [wanted, f"{wanted}_", *(f"{wanted}_{number}" for number in range(2, 100))]
        return next(name for name in candidates if name not in self.used_names)

    def sites(self, cause: Cause) -> Iterator[tuple[Site, ...]]:
        """Where a cause may be treated, ever wider: its line, its cell, every cell up to the one that differs.

        An origin that lies in no cell leaves out the first two.
        """
        origin = cause.origin
        if origin is not None and origin.cell < len(self.cells):
            yield tuple(self._nodes(origin.cell, origin.line))
            yield tuple(self._nodes(origin.cell))
        yield tuple(site for cell in range(cause.cell + 1) for site in self._nodes(cell))

    def _nodes(self, cell: int, line: int | None = None) -> Iterator[Site]:
        text = self.cells[cell]
        return (Site(cell, text, node) for node in text.nodes(line))


def script_of(notebook: Notebook) -> Script:
    """The notebook as a program."""
    counts = (
        notebook.node.cells[cell.position].get("execution_count") for cell in notebook.code_cells
    )
    return Script(
        tuple(CellText(cell.source) for cell in notebook.code_cells),
        tuple(count if isinstance(count, int) else None for count in counts),
        notebook.path.parent,
    )


def _bindings(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    elif node.level == 0 and node.module:
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.AST, names: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, names)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _names(cells: Sequence[CellText]) -> Iterator[str]:
    for text in cells:
        for node in text.nodes():
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from (name for name, _ in _bindings(node))
