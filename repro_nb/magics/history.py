"""``%repro_history``: what each cell drew, in the order of execution."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence, Tuple

from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.executions import Executions
from repro_nb.magics.pinning import pinning_lines
from repro_nb.probe.key_reuse import reused_keys
from repro_nb.probe.session import session
from repro_nb.records import JAX

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.records import CellRecord

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%repro_history",
    "Show what each cell drew from which source of random numbers, and what it seeded or made.",
    "The first column is what %repro_restore takes.\n\nexamples:\n  %repro_history\n  %repro_history --all",
)
PARSER.add_argument("--all", action="store_true", help="show cells that touched no source, too")


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_history`` was asked for.

    Raises:
        UsageError: `line` cannot be understood.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    records = session.recorder.records if session.recorder is not None else []
    _history(records, Executions(shell), whole=asked.all).show()


def _history(records: Sequence[CellRecord], executions: Executions, *, whole: bool) -> Page:
    rows = [_row(record, executions) for record in records if whole or _touched(record)]
    if not rows:
        return page("No cell has drawn yet.")
    made = {name for record in records for name in record.origins}
    return page(
        Table(("cell", "drew from", "seeded", "made", "first line"), rows),
        "\n".join(
            f"Made without a seed; its very stream: {line}" for line in pinning_lines(sorted(made))
        ),
        "\n".join(_reuse(records, executions)),
        _context_note(),
    )


def _context_note() -> str:
    if not any(event.call.startswith("SeedContext") for event in session.seed_history):
        return ""
    return "Draws inside a SeedContext are given back at its end, and so not listed."


def _touched(record: CellRecord) -> bool:
    made = any(name in record.kinds for name in record.appeared)
    return bool(record.draws or record.seeded or record.between or made)


def _row(record: CellRecord, executions: Executions) -> Tuple[str, ...]:
    between = [f"{name} (between cells)" for name in record.between]
    made = [name for name in record.appeared if name in record.kinds]
    return (
        executions.prompt(record.order),
        ", ".join([*(_drawn(record, name) for name in record.draws), *between]),
        ", ".join(f"{name}: {call}" for name, call in record.seeded.items()),
        ", ".join(made),
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
