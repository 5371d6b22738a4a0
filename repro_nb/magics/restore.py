"""``%repro_restore``: time travel for random state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Dict, List

from repro_nb.errors import UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, page
from repro_nb.magics.executions import Executions
from repro_nb.magics.listing import listed
from repro_nb.probe.session import session
from repro_nb.seeding.travel import Trip, go_back, undo

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["PARSER", "run"]

_MOST_NAMES = 10

PARSER = MagicParser(
    "%repro_restore",
    "Put every source of random numbers, and every generator that a variable holds, where it was when a cell\n"
    "started. It restores random state, and no variable: x stays what it is now.",
    "CELL is the number in the cell's prompt, In [N], or the front end's id of a cell, whose last execution counts.\n"
    "\nexamples:\n  %repro_restore 4\n  %repro_restore 4 --after\n  %repro_restore --undo",
)
PARSER.add_argument("cell", nargs="?", metavar="CELL", help="which cell, such as 4")
PARSER.add_argument("--after", action="store_true", help="where they were when the cell ended")
PARSER.add_argument("--undo", action="store_true", help="take the last restore back")


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_restore`` was asked for.

    Raises:
        ReproError: `line` cannot be understood, there is no such cell, or a source cannot be put back.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    if asked.undo:
        if asked.cell is not None or asked.after:
            raise UsageError("takes no cell", where="--undo", hint="%repro_restore --undo")
        _page("Undone: random state is where it was before the last restore.", undo()).show()
        return
    if asked.cell is None:
        raise UsageError("name a cell", where="%repro_restore", hint="%repro_history lists them.")
    executions = Executions(shell)
    order = _order(asked.cell, executions)
    trip = go_back(order, after=asked.after)
    moment = "ended" if asked.after else "started"
    _page(f"Random state is where it was when {executions.name(order)} {moment}.", trip).show()


def _order(cell: str, executions: Executions) -> int:
    """The execution that the user means by a prompt's number or a cell's id."""
    found = re.fullmatch(r"(?:In\s*)?\[?(\d+)\]?", cell)
    if found is not None:
        order = executions.order(int(found[1]))
        if order is None:
            raise UsageError(
                f"In [{found[1]}] was not recorded",
                where="CELL",
                hint="%repro_history lists the cells.",
            )
        return order
    records = session.recorder.records if session.recorder is not None else []
    orders = [record.order for record in records if record.cell_id == cell]
    if not orders:
        raise UsageError(
            f"no cell {cell!r} was recorded", where="CELL", hint="%repro_history lists the cells."
        )
    return orders[-1]


def _page(headline: str, trip: Trip) -> Page:
    left: Dict[str, List[str]] = {}
    for name, why in trip.left.items():
        left.setdefault(why, []).append(name)
    return page(
        headline,
        f"Restored: {listed(trip.restored, _MOST_NAMES) or 'nothing'}.",
        "\n".join(
            f"Left as it is: {listed(names, _MOST_NAMES)} ({why})." for why, names in left.items()
        ),
        "Variables are as they were before this. %repro_restore --undo takes it back.",
        _per_cell_note(),
    )


def _per_cell_note() -> str:
    if session.seeding is None or not session.seeding.per_cell:
        return ""
    return (
        "Each cell has streams of its own here, so the next one begins in its own: this reaches no further than this "
        "cell."
    )
