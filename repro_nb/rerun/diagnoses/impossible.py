"""Saved outputs that the text of their cell cannot give, whatever it runs on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from repro_nb.rerun.cell_code import parse_cell

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["impossible_output"]


def impossible_output(case: Case, cell: int) -> str | None:
    """Why the saved output cannot come from the cell's present text; None where it can."""
    outputs = case.cells[cell].outputs
    if not any(output.get("output_type") == "execute_result" for output in outputs):
        return None
    source = case.cells[cell].source
    tree = parse_cell(source)
    if tree is None or not tree.body or "displayhook" in source:
        return None
    expressions = [node for node in tree.body if isinstance(node, ast.Expr)]
    if not expressions:
        return "The saved output is the value of an expression, and the cell has no expression that gives one."
    if expressions == [tree.body[-1]] and source.rstrip().endswith(";"):
        return "The saved output is the value of an expression, and a semicolon now keeps it from being shown."
    return None
