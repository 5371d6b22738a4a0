"""Where seeds and fixed values go: one cell after the imports, or the top of the first cell that needs them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from repro_nb.rerun.fix.cell_text import CellText
from repro_nb.rerun.fix.changes import Import, Preamble, Splice
from repro_nb.rerun.fix.script import Script

__all__ = ["Placed", "place"]


@dataclass(frozen=True)
class Placed:
    """Where the lines go.

    Attributes:
        new_cell: Text of a new cell; empty where they go into an existing one.
        after: Index of the code cell that the new cell follows; -1 for none.
        splice: The lines at the top of an existing cell; None where there is a new cell.
    """

    new_cell: str = ""
    after: int = -1
    splice: Splice | None = None


def place(script: Script, parts: Sequence[Preamble]) -> Placed | None:
    """Where all lines of `parts` go; None when there are none."""
    if not parts:
        return None
    placed = _placed(script, parts)
    return placed if placed.new_cell or placed.splice is not None else None


def _placed(script: Script, parts: Sequence[Preamble]) -> Placed:
    first = min(part.before for part in parts)
    only_imports = not any(part.lines for part in parts)
    if only_imports and not _text(script, parts, (first, _line_after_imports(script.cells[first]))):
        return Placed()  # the cell that needs them begins with them
    imports = [index for index in range(first) if _is_imports(script.cells[index])]
    if imports:
        return Placed(_text(script, parts, (imports[-1] + 1, 0)), imports[-1])
    cell = script.cells[first]
    magics = any(line.startswith("%") for part in parts for line in part.lines)
    if magics or not cell.is_python:  # a cell magic that needs them stands in the cell's first line
        return Placed(_text(script, parts, (first, 0)), first - 1)
    line = _line_after_imports(cell)
    text = _text(script, parts, (first, line))
    if not text:
        return Placed()
    text += "\n"
    start = cell.line_start(line)
    if start and not cell.source[:start].endswith(("\n", "\r")):
        text = "\n" + text.removesuffix(
            "\n"
        )  # the imports end the cell, and no line end follows them
    return Placed(splice=Splice(first, start, start, text))


def _text(script: Script, parts: Sequence[Preamble], where: tuple[int, int]) -> str:
    """The lines, as they can stand before line `where[1]` of cell `where[0]`."""
    known = {
        (binding.name, binding.path)
        for binding in script.imported
        if (binding.cell, binding.line) < where
    }
    wanted = dict.fromkeys(needed for part in parts for needed in part.imports)
    imports = [each.statement for each in wanted if not _is_known(each, known)]
    lines = list(dict.fromkeys(line for part in parts for line in part.lines))
    magics = [line for line in lines if line.startswith("%")]
    return "\n".join([*magics, *imports, *(line for line in lines if line not in magics)])


def _is_known(needed: Import, known: Iterable[tuple[str, str]]) -> bool:
    return (needed.name, needed.path) in known


def _is_imports(text: CellText) -> bool:
    """Whether a cell holds imports, and besides them magics and texts alone."""
    if text.tree is None or text.head:
        return False
    body = text.tree.body
    return any(map(_is_import, body)) and all(_is_import(node) or _is_idle(node) for node in body)


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_idle(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _line_after_imports(text: CellText) -> int:
    """The line in front of which lines follow the imports that a cell begins with; else its first line of code."""
    body = text.tree.body if text.tree is not None else []
    line = text.line_of(text.head)
    for node in body:
        if not (_is_import(node) or _is_idle(node)):
            return line if line > text.line_of(text.head) else min(_lines(node), default=line)
        if _is_import(node):
            line = (node.end_lineno or node.lineno) + 1
    return line


def _lines(node: ast.stmt) -> list[int]:
    decorators = getattr(node, "decorator_list", [])
    return [node.lineno, *(decorator.lineno for decorator in decorators)]
