"""``%repro_seed``: seed every source of random numbers, or show what is seeded and who drew."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Optional, Sequence, Tuple

from repro_nb.deterministic import starting_hash_seed
from repro_nb.errors import UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.executions import Executions
from repro_nb.magics.listing import listed, shortened
from repro_nb.magics.pinning import pinning_lines
from repro_nb.probe.session import session
from repro_nb.rng import sources
from repro_nb.seeding import get_current_seed, set_global_seed
from repro_nb.seeding.everywhere import ensure_deterministic_mode
from repro_nb.seeding.per_cell import seed_per_cell

if TYPE_CHECKING:
    import argparse

    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.probe.recorder import SourceSummary
    from repro_nb.rng import Source

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%repro_seed",
    "Seed every global source of random numbers, in loaded libraries and in those imported later.\n"
    "Without a seed: a table of the sources, whether they are seeded, and which cell drew last.",
    "examples:\n  %repro_seed 42\n  %repro_seed {seed}    the value of a variable\n"
    "  %repro_seed 42 --per-cell    a cell that is run again gives the same numbers\n"
    "  %repro_seed 42 --only numpy,torch\n  %repro_seed",
)
PARSER.add_argument("seed", nargs="?", help="an integer from 0 to 4294967295")
PARSER.add_argument(
    "--deterministic",
    action="store_true",
    help="also switch on deterministic mode for the rest of the session",
)
PARSER.add_argument(
    "--per-cell",
    action="store_true",
    help="from the next cell on, give each cell streams of its own, made from the seed, the cell's id and the source",
)
PARSER.add_argument(
    "--only",
    metavar="SOURCES",
    help="seed only these sources, such as numpy,torch; the others stay",
)


_MOST_NAMES = 6
_MOST_LINES = 5


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_seed`` was asked for.

    Raises:
        UsageError: `line` cannot be understood, or the seed is none.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    if asked.seed is not None:
        _seed(asked)
        return
    given = {
        "--deterministic": asked.deterministic,
        "--per-cell": asked.per_cell,
        "--only": asked.only,
    }
    option = next((name for name, value in given.items() if value), None)
    if option is not None:
        raise UsageError("needs a seed", where=option, hint=f"%repro_seed 42 {option}")
    _table(shell).show()


def _seed(asked: argparse.Namespace) -> None:
    seed, only = _number(asked.seed), _names(asked.only)
    if asked.per_cell:
        seed_per_cell(seed, only)
        if asked.deterministic:
            ensure_deterministic_mode()
    else:
        set_global_seed(seed, asked.deterministic, only=only or None)
    _seeded(per_cell=asked.per_cell, only=only).show()


def _names(text: Optional[str]) -> Tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError(
            "it names no source", where="--only", hint="%repro_seed 42 --only numpy,torch"
        )
    return names


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        hint = "A seed is an integer, such as 42; write {name} for the value of a variable."
        raise UsageError(f"{text!r} is not an integer", where="seed", hint=hint) from None


def _seeded(*, per_cell: bool, only: Tuple[str, ...]) -> Page:
    names = [
        name for source in sources() if not only or source.name in only for name in source.states()
    ]
    later = "those of them that are imported later" if only else "libraries imported later"
    return page(
        f"Seeded {', '.join(names) or 'nothing yet'} with {get_current_seed()}; {later} are seeded too.",
        _per_cell_note(only) if per_cell else "",
        _jax_note(),
        _hash_seed_warning(),
    )


def _at_first_use(source: Source) -> Tuple[str, ...]:
    """A library that is imported, and makes its stream when something first asks for it, as numpy does."""
    library = source.module.partition(".")[0]
    waits = library != source.module and library in sys.modules
    return (f"{source.name} (at first use)",) if waits else ()


def _per_cell_note(only: Tuple[str, ...]) -> str:
    held = (
        "generators that you hold stay as they are"
        if only
        else "the generators that it reaches among them"
    )
    note = f"From the next cell on each cell has streams of its own, {held}."
    running = None if session.recorder is None else session.recorder.current()
    if session.rerun or running is None or running.stream == running.cell_id:
        return note
    return (
        f"{note} This front end sends no cell ids, so a cell's text and turn stand in for its id: what is drawn "
        "here is not what JupyterLab draws."
    )


def _table(shell: InteractiveShell) -> Page:
    summaries = session.recorder.summary() if session.recorder is not None else ()
    executions = Executions(shell)
    rows = [_row(summary, executions) for summary in summaries]
    return page(
        Table(("source", "seeded", "draws", "last draw"), rows)
        if rows
        else "Nothing has drawn yet.",
        _advice(summaries),
        _hash_seed_note(),
        _jax_note(),
    )


def _row(summary: SourceSummary, executions: Executions) -> Tuple[str, ...]:
    name = f"{summary.name} ({summary.kind})" if summary.kind else summary.name
    last = "never" if summary.last_draw_cell is None else executions.name(summary.last_draw_cell)
    return (name, _seeding(summary), str(summary.draws), last)


def _seeding(summary: SourceSummary) -> str:
    if summary.seeded or not summary.unseeded:
        return summary.seeded or "unknown"
    return "⚠ no" if summary.draws else "no"


def _advice(summaries: Sequence[SourceSummary]) -> str:
    loose = [summary for summary in summaries if summary.draws and summary.unseeded]
    library = ", ".join(summary.name for summary in loose if not summary.kind)
    held_names = [summary.name for summary in loose if summary.kind]
    held = listed(held_names, _MOST_NAMES)
    advice = []
    if library:
        advice.append(
            f"Drawn from unseeded: {library}. Put %repro_seed SEED before the first draw."
        )
    if held:
        advice.append(f"Drawn from unseeded: {held}. Make it from a seed, as in default_rng(SEED).")
    streams = [f"Its very stream, to go on with: {line}" for line in pinning_lines(held_names)]
    advice += shortened(streams, _MOST_LINES, "%repro_history --all")
    return "\n".join(advice)


def _hash_seed_note() -> str:
    return _hash_seed_warning() or f"Hash seed: {_hash_seed()}, fixed when the kernel was started."


def _hash_seed_warning() -> str:
    """What to say where the hash seed floats, which cannot be set in a kernel that runs; else empty."""
    if _hash_seed() is not None:
        return ""
    return (
        "Hash seed: floats, so sets of strings come in another order in each kernel. It is fixed before a kernel "
        "starts: `repro-nb kernel install` adds a kernel that does so."
    )


def _hash_seed() -> Optional[str]:
    # In a rerun the hash seed is of the runner's making, and no fact about the user's kernel.
    return os.environ.get("PYTHONHASHSEED") if session.rerun else starting_hash_seed()


def _jax_note() -> str:
    if "jax" not in sys.modules:
        return ""
    return 'JAX has no global stream: repro_nb.prng_key("a name") makes a key from the seed.'
