"""What a cell raised, as a failure: read from the kernel's reply and from the outputs of the cell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from repro_nb.recording.compare.terminal import strip_colours
from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.result import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbclient.exceptions import CellExecutionError

    from repro_nb.rerun.notebook import CodeCell

__all__ = ["failure_of_cell"]

_NOTHING = "NoneType"
"""What a kernel says was raised where the cell ran, and its value could not be shown."""


def failure_of_cell(cell: CodeCell, outputs: Sequence[Any], error: CellExecutionError) -> Failure:
    """The failure of a cell that raised.

    Args:
        cell: The cell.
        outputs: What it gave until then; the exception is among them.
        error: The kernel's reply, as nbclient raises it.
    """
    shown = [output for output in outputs if output.output_type == "error"]
    kind, message = error.ename or "Error", error.evalue or ""
    if kind == _NOTHING and shown:
        kind = shown[-1].ename
        message = f"{shown[-1].evalue}\n{_while_shown(cell.source)}"
    return Failure(
        cell=cell.index,
        type=kind,
        message=message,
        exit_code=1,
        # nbclient's own text repeats the cell above the traceback.
        traceback=strip_colours("\n".join(shown[-1].traceback)) if shown else "",
    )


def _while_shown(source: str) -> str:
    """Which line gave the value that could not be shown: Jupyter shows that of a cell's last expression."""
    tree = parse_cell(source)
    if tree is None or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return "The cell itself ran; it was raised while the cell's value was turned into what is displayed."
    last = tree.body[-1]
    code = source.splitlines()[last.lineno - 1].strip()
    return f"The cell itself ran; it was raised while the value of line {last.lineno} was displayed: {code}"
