"""``%repro_history``: what each cell drew, in the order of execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Tuple

from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.executions import Executions
from repro_nb.magics.listing import listed, shortened
from repro_nb.magics.pinning import pinning_lines
from repro_nb.probe.key_reuse import reused_keys
from repro_nb.probe.session import session
from repro_nb.records import JAX

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.records import CellRecord

__all__ = ["PARSER", "run"]

_PER_CELL = "per-cell seed "
"""What the call begins with that a record names for streams of a cell's own."""
_MOST_CELLS = 30
_MOST_NAMES = 6
_MOST_LINES = 5

PARSER = MagicParser(
    "%repro_history",
    "Show what each cell drew from which source of random numbers, and what it seeded or made.",
    "The first column is what %repro_restore takes. Items of one container are shown together.\n\n"
    "examples:\n  %repro_history\n  %repro_history --all",
)
PARSER.add_argument(
    "--all",
    action="store_true",
    help=f"show everything, not the last {_MOST_CELLS} cells, {_MOST_NAMES} names in each, and {_MOST_LINES} lines of "
    "a kind below",
)
PARSER.add_argument("--idle", action="store_true", help="show cells that touched no source, too")


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_history`` was asked for.

    Raises:
        UsageError: `line` cannot be understood.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    records = session.recorder.records if session.recorder is not None else []
    limits = _Limits(None, None, None) if asked.all else _Limits()
    _history(records, Executions(shell), limits, idle=asked.idle).show()


class _Limits(NamedTuple):
    """How much is shown: cells, names in one field, lines of one kind; None for all."""

    cells: Optional[int] = _MOST_CELLS
    names: Optional[int] = _MOST_NAMES
    lines: Optional[int] = _MOST_LINES


def _history(
    records: Sequence[CellRecord], executions: Executions, limits: _Limits, *, idle: bool
) -> Page:
    shown = [record for record in records if idle or _touched(record)]
    if not shown:
        return page("No cell has drawn yet.")
    command = "%repro_history --all" + " --idle" * idle
    recent = shown if limits.cells is None else shown[-limits.cells :]
    earlier = len(shown) - len(recent)
    made = dict.fromkeys(name for record in records for name in record.origins)
    pinned = [f"Made without a seed; its very stream: {line}" for line in pinning_lines(made)]
    pinned += _dropped(records, executions)
    return page(
        "\n".join(shortened(_own_streams(records, executions), limits.lines, command)),
        f"{earlier:,} earlier cell{'s' * (earlier > 1)}: {command}" if earlier else "",
        Table(
            ("cell", "drew from", "seeded", "made", "first line"),
            [_row(record, executions, limits.names) for record in recent],
        ),
        "\n".join(shortened(pinned, limits.lines, command)),
        "\n".join(shortened(_reuse(records, executions), limits.lines, command)),
        _context_note(),
    )


def _dropped(records: Sequence[CellRecord], executions: Executions) -> List[str]:
    """A line for each generator that was made without a seed, and that no name reaches."""
    kept = {origin.entropy for record in records for origin in record.origins.values()}
    return [
        f"Made without a seed in {executions.prompt(record.order)}, line {use.line}: `{use.code}`; "
        f"its very stream: np.random.default_rng({use.entropy})"
        for record in records
        for use in record.entropy
        if use.entropy not in kept
    ]


def _own_streams(records: Sequence[CellRecord], executions: Executions) -> List[str]:
    """A line for each seed from which cells were given streams of their own."""
    cells: Dict[str, List[int]] = {}
    for record in records:
        for call in dict.fromkeys(record.seeded.values()):
            if call.startswith(_PER_CELL):
                cells.setdefault(call, []).append(record.order)
    last = records[-1].order
    return [
        f"Each cell from {executions.prompt(orders[0])} "
        f"{'on' if orders[-1] == last else 'to ' + executions.prompt(orders[-1])} has streams of its own: {call}."
        for call, orders in cells.items()
    ]


def _context_note() -> str:
    if not any(event.call.startswith("SeedContext") for event in session.seed_history):
        return ""
    return "Draws inside a SeedContext are given back at its end, and so not listed."


def _touched(record: CellRecord) -> bool:
    made = any(name in record.kinds for name in record.appeared)
    return bool(record.draws or _calls(record) or record.between or made or record.entropy)


def _calls(record: CellRecord) -> List[str]:
    """What the cell seeded by a call of its own, with the call."""
    return [
        f"{name}: {call}" for name, call in record.seeded.items() if not call.startswith(_PER_CELL)
    ]


def _row(record: CellRecord, executions: Executions, most: Optional[int]) -> Tuple[str, ...]:
    between = [f"{name} (between cells)" for name in record.between]
    made = [name for name in record.appeared if name in record.kinds]
    return (
        executions.prompt(record.order),
        listed([*(_drawn(record, name) for name in record.draws), *between], most),
        listed(_calls(record), most),
        listed(made, most),
        executions.shortened(record.order),
    )


def _drawn(record: CellRecord, name: str) -> str:
    keys = len(record.keys)
    return f"{JAX} ({keys} key{'s' if keys > 1 else ''})" if name == JAX else name


def _reuse(records: Sequence[CellRecord], executions: Executions) -> List[str]:
    return [
        "One JAX key is drawn from in several cells, so their numbers are not independent: "
        + ", ".join(
            f"{function} in {executions.prompt(records[at].order)}" for at, function in reuse.uses
        )
        + '. Split it first, or take repro_nb.prng_key("another name").'
        for reuse in reused_keys(records)
    ]
