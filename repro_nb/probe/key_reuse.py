"""JAX keys that two cells have drawn from: the numbers are the same ones, where they were meant to be independent."""

from __future__ import annotations

from typing import Dict, Iterable, List, NamedTuple, Tuple

from repro_nb.records import KEY_MAKER, CellRecord

__all__ = ["KeyReuse", "reused_keys"]

# `fold_in` is made for one key and many numbers; `split`, given the same key again, gives the same keys again.
_NOT_DRAWING = ("fold_in", KEY_MAKER)


class KeyReuse(NamedTuple):
    """A key that more than one cell has drawn from.

    Attributes:
        fingerprint: The key's fingerprint.
        uses: The first use in each cell: index of its record, and the function of ``jax.random``.
    """

    fingerprint: str
    uses: Tuple[Tuple[int, str], ...]


def reused_keys(records: Iterable[CellRecord]) -> Tuple[KeyReuse, ...]:
    """The keys that two or more cells drew from. A cell that was run again is one cell, as it was run last."""
    numbered = list(enumerate(records))
    last = {record.cell_id: index for index, record in numbered}
    uses: Dict[str, List[Tuple[int, str]]] = {}
    for index, record in numbered:
        if last[record.cell_id] != index:
            continue
        for key, function in _drawn_from(record).items():
            uses.setdefault(key, []).append((index, function))
    return tuple(KeyReuse(key, tuple(found)) for key, found in uses.items() if len(found) > 1)


def _drawn_from(record: CellRecord) -> Dict[str, str]:
    """The keys that a cell drew from, with the first function that did."""
    drawn: Dict[str, str] = {}
    for use in record.keys:
        if not use.function.startswith(_NOT_DRAWING) and not use.function.endswith(" more"):
            drawn.setdefault(use.fingerprint, use.function)
    return drawn
