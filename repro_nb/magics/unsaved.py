"""Cells that were executed in another form than the saved notebook has them."""

from __future__ import annotations

from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from repro_nb.records import CellRecord

__all__ = ["executed_otherwise"]


def executed_otherwise(
    records: Iterable[CellRecord], saved: Sequence[Tuple[str, str]]
) -> Tuple[int, ...]:
    """The executions that the saved notebook does not show.

    Of a cell with an id, only the last execution counts. A cell whose id the file does not know (VS Code sends its
    own, some front ends none) is looked for by its source.

    Args:
        records: The session's records, in order.
        saved: Id and source digest of each code cell in the file.

    Returns:
        The orders of the executions whose source the file lacks, ascending.
    """
    by_id: Mapping[str, str] = dict(saved)
    sources = {digest for _, digest in saved}
    last: Dict[str, CellRecord] = {record.cell_id: record for record in records}
    otherwise: List[int] = [
        record.order
        for record in last.values()
        if (
            record.source_digest != by_id[record.cell_id]
            if record.cell_id in by_id
            else record.source_digest not in sources
        )
    ]
    return tuple(sorted(otherwise))
