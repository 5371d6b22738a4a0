"""``%repro_seed``: seed every source of random numbers, or show what is seeded and who drew."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Sequence, Tuple

from repro_nb.deterministic import starting_hash_seed
from repro_nb.errors import UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.executions import Executions
from repro_nb.probe.session import session
from repro_nb.rng import sources
from repro_nb.seeding import get_current_seed, set_global_seed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.probe.recorder import SourceSummary

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%repro_seed",
    "Seed every global source of random numbers, in loaded libraries and in those imported later.\n"
    "Without a seed: a table of the sources, whether they are seeded, and which cell drew last.",
    "examples:\n  %repro_seed 42\n  %repro_seed {seed}    the value of a variable\n  %repro_seed",
)
PARSER.add_argument("seed", nargs="?", help="an integer from 0 to 4294967295")
PARSER.add_argument(
    "--deterministic",
    action="store_true",
    help="also switch on deterministic mode for the rest of the session",
)


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_seed`` was asked for.

    Raises:
        UsageError: `line` cannot be understood, or the seed is none.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    if asked.seed is not None:
        set_global_seed(_number(asked.seed), asked.deterministic)
        _seeded().show()
    elif asked.deterministic:
        raise UsageError(
            "needs a seed", where="--deterministic", hint="%repro_seed 42 --deterministic"
        )
    else:
        _table(shell).show()


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        hint = "A seed is an integer, such as 42; write {name} for the value of a variable."
        raise UsageError(f"{text!r} is not an integer", where="seed", hint=hint) from None


def _seeded() -> Page:
    names = [name for source in sources() for name in source.states()]
    return page(
        f"Seeded {', '.join(names)} with {get_current_seed()}; libraries imported later are seeded too.",
        _jax_note(),
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
    held = ", ".join(summary.name for summary in loose if summary.kind)
    advice = []
    if library:
        advice.append(
            f"Drawn from unseeded: {library}. Put %repro_seed SEED before the first draw."
        )
    if held:
        advice.append(f"Drawn from unseeded: {held}. Make it from a seed, as in default_rng(SEED).")
    return "\n".join(advice)


def _hash_seed_note() -> str:
    # In a rerun the hash seed is of the runner's making, and no fact about the user's kernel.
    seed = os.environ.get("PYTHONHASHSEED") if session.rerun else starting_hash_seed()
    if seed is not None:
        return f"Hash seed: {seed}, fixed when the kernel was started."
    return (
        "Hash seed: floats, so sets of strings come in another order in each kernel. "
        "Fix it with PYTHONHASHSEED in the kernelspec's env."
    )


def _jax_note() -> str:
    if "jax" not in sys.modules:
        return ""
    return "JAX has no global stream: start from jax.random.key(repro_nb.get_current_seed())."
