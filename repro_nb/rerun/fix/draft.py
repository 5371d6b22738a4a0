"""The notebook with edits in it, in memory: what is run to prove them, and what is written in the end."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbformat.v4 import new_code_cell

from repro_nb.rerun.fix.cell_text import CellText, OverlapError, spliced
from repro_nb.rerun.fix.changes import KernelChange, Move, Preamble, Proposal, Splice
from repro_nb.rerun.fix.preamble import Placed, place
from repro_nb.rerun.notebook import Notebook

if TYPE_CHECKING:
    from repro_nb.rerun.fix.script import Script

__all__ = ["Draft", "draft"]

_STORED_IDS = (4, 5)
_ID = "seeds"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edited notebook, and what of it is new. Positions are over all cells, indices over code cells.

    Attributes:
        original: The notebook as it is.
        notebook: The edited one.
        layout: For each cell of the edited notebook its position in the original; None for the new one.
        sources: The new text of each changed cell, by its position in the original.
        new_cell: Text of the new cell; empty when there is none.
        kernel: The new kernel; None when it stays.
        splices: What was changed in each code cell, by its index in the original.
    """

    original: Notebook
    notebook: Notebook
    layout: tuple[int | None, ...]
    sources: Mapping[int, str] = field(default_factory=dict)
    new_cell: str = ""
    kernel: KernelChange | None = None
    splices: Mapping[int, tuple[Splice, ...]] = field(default_factory=dict)

    @property
    def origins(self) -> tuple[int | None, ...]:
        """For each code cell of the edited notebook its index in the original; None for the new one."""
        index = {cell.position: cell.index for cell in self.original.code_cells}
        positions = (self.layout[cell.position] for cell in self.notebook.code_cells)
        return tuple(None if each is None else index[each] for each in positions)

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing is edited at all."""
        moved = list(self.layout) != list(range(len(self.original.node.cells)))
        return not (self.sources or self.kernel or moved)

    def original_line(self, cell: int, line: int) -> int:
        """Number of the line in the original that became line `line` of the code cell that was at index `cell`."""
        splices = self.splices.get(cell, ())
        before = CellText(self.original.code_cells[cell].source)
        after = CellText(spliced(before.source, splices)).line_start(line)
        shift = 0
        for splice in sorted(splices, key=lambda each: (each.start, each.end)):
            grown = len(splice.text) - (splice.end - splice.start)
            if splice.start + shift + len(splice.text) > after:
                return before.line_of(min(after - shift, splice.start))
            shift += grown
        return before.line_of(after - shift)


def draft(notebook: Notebook, script: Script, proposals: Sequence[Proposal]) -> Draft:
    """The notebook with all of `proposals`.

    Raises:
        OverlapError: Two of them want the same text, or together they make no Python of a cell.
    """
    changes = [change for proposal in proposals for change in proposal.changes]
    placed = place(script, [change for change in changes if isinstance(change, Preamble)])
    splices = [change for change in changes if isinstance(change, Splice)]
    if placed is not None and placed.splice is not None:
        splices.insert(0, placed.splice)
    by_cell = {
        cell: tuple(each for each in splices if each.cell == cell)
        for cell in sorted({splice.cell for splice in splices})
    }
    texts = {cell: _spliced(script.cells[cell], these) for cell, these in by_cell.items()}
    moves = [change for change in changes if isinstance(change, Move)]
    layout = _layout(notebook, moves, placed)
    kernel = next((change for change in changes if isinstance(change, KernelChange)), None)
    sources = {notebook.code_cells[cell].position: text for cell, text in texts.items()}
    new_cell = "" if placed is None else placed.new_cell
    return Draft(
        original=notebook,
        notebook=Notebook(notebook.path, _node(notebook.node, layout, sources, new_cell, kernel)),
        layout=layout,
        sources=sources,
        new_cell=new_cell,
        kernel=kernel,
        splices=by_cell,
    )


def _spliced(text: CellText, splices: Sequence[Splice]) -> str:
    changed = spliced(text.source, splices)
    if text.is_python and not CellText(changed).is_python:
        raise OverlapError("two changes make no Python of a cell")
    return changed


def _layout(
    notebook: Notebook, moves: Sequence[Move], placed: Placed | None
) -> tuple[int | None, ...]:
    position = {cell.index: cell.position for cell in notebook.code_cells}
    layout: list[int | None] = list(range(len(notebook.node.cells)))
    for move in dict.fromkeys(moves):
        layout.remove(position[move.cell])
        at = len(layout) if move.before is None else layout.index(position[move.before])
        layout.insert(at, position[move.cell])
    if placed is not None and placed.new_cell:
        at = 0 if placed.after < 0 else layout.index(position[placed.after]) + 1
        if placed.after < 0 and position:
            at = layout.index(position[0])
        layout.insert(at, None)
    return tuple(layout)


def _node(
    node: Any,
    layout: Sequence[int | None],
    sources: Mapping[int, str],
    new_cell: str,
    kernel: KernelChange | None,
) -> Any:
    edited = copy.deepcopy(node)
    for position, text in sources.items():
        edited.cells[position].source = text
    edited.cells = [
        _new_cell(node, new_cell) if position is None else edited.cells[position]
        for position in layout
    ]
    if kernel is not None:
        if "kernelspec" not in edited.metadata:
            raise OverlapError("the notebook names no kernel")
        edited.metadata.kernelspec.name = kernel.name
        edited.metadata.kernelspec.display_name = kernel.display_name
    return edited


def _new_cell(node: Any, source: str) -> Any:
    cell = new_code_cell(source)
    del cell["id"]
    if (node.get("nbformat"), node.get("nbformat_minor", 0)) >= _STORED_IDS:
        cell["id"] = new_id([each.get("id") for each in node.cells])
    return cell


def new_id(taken: Sequence[Any]) -> str:
    """An id for the new cell that no other cell has."""
    candidates = [_ID, *(f"{_ID}-{number}" for number in range(2, len(taken) + 3))]
    return next(each for each in candidates if each not in taken)
