"""``%%deterministic``: one cell in deterministic mode, and several runs of it compared."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Optional

from repro_nb.deterministic import (
    DeterministicConfig,
    DeterministicContext,
    KnobStatus,
    ThreadLimit,
    get_deterministic_status,
    refused_operation,
)
from repro_nb.deterministic.thread_knobs import THREADS_REPORTED
from repro_nb.errors import UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page
from repro_nb.magics.repetition import Body, run_repeatedly
from repro_nb.seeding import SeedContext, checked_seed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["PARSER", "run"]

_EPILOG = """\
example:
  %%deterministic --seed 42 --runs 3
  loss = train(model, data)
  loss

With --runs, every run begins with the same random state and the same values: what the cell reads and assigns is
copied, and put back before each run. The last run works on the very objects, is the one that is shown, and counts;
the others leave no trace there. What cannot be copied is named. Files that the cell writes, settings of libraries
that it changes, and what it sends are not put back.
The report says what differs. Nothing is varied but time and memory: the order of sets, say, differs from process to
process, which `repro-nb verify` tests.

"""
_AWAIT = (
    "A cell that awaits at its top level needs `with repro_nb.DeterministicContext():` instead."
)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _runs(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:  # noqa: PLR2004  one run agrees with nothing
        raise argparse.ArgumentTypeError(f"{text!r} runs cannot be compared; give 2 or more")
    return int(text)


def _seed(text: str) -> int:
    try:
        return checked_seed(int(text))
    except (UsageError, ValueError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no seed; give an integer from 0 to 4294967295"
        ) from error


# A notebook that shows these could not be rerun on another machine.
_OF_THE_MACHINE = frozenset(
    (
        "PYTHONHASHSEED",
        *(knob.name for knob in THREADS_REPORTED),
        *(f"{library}_NUM_THREADS" for library in ("OMP", "MKL", "OPENBLAS")),
    )
)

PARSER = MagicParser(
    "%%deterministic",
    "Run the cell with the deterministic settings of every framework it uses, and restore what was set before.\n"
    "Without a cell, %deterministic shows the settings.",
    _EPILOG + _AWAIT,
)
PARSER.add_argument(
    "--seed",
    type=_seed,
    metavar="N",
    help="seed every global stream for the cell, and put each back where it was after it",
)
PARSER.add_argument(
    "--threads", type=_count, metavar="N", help="compute with this many threads in the cell"
)
PARSER.add_argument(
    "--runs",
    type=_runs,
    metavar="N",
    help="run the cell N times from one random state, and compare what it shows, its value, and the variables it "
    "assigns bit for bit; it takes effect once",
)
PARSER.add_argument(
    "--warn-only",
    action="store_true",
    help="warn where torch has no deterministic algorithm, instead of raising",
)


def run(line: str, cell: Optional[str], shell: InteractiveShell) -> None:
    """Do what ``%%deterministic`` was asked for.

    Raises:
        UsageError: `line` cannot be understood.
    """
    __tracebackhide__ = True
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    config = DeterministicConfig(torch_warn_only=asked.warn_only)
    if cell is None:
        if asked.seed is not None or asked.threads or asked.runs:
            PARSER.error("--seed, --threads and --runs are for a cell: %%deterministic")
        _status(config).show()
        return
    body = _body(cell, shell)
    limit = None if asked.threads is None else ThreadLimit(asked.threads)
    with ExitStack() as held:
        held.callback(_tell_unlimited, limit)
        held.enter_context(DeterministicContext(config))
        if limit is not None:
            held.enter_context(limit)
        if asked.seed is not None:
            held.enter_context(SeedContext(asked.seed))
        try:
            run_repeatedly(body, shell, asked.runs) if asked.runs else body.run()
        except Exception as error:
            _tell_refusal(error, body)
            raise


def _body(cell: str, shell: InteractiveShell) -> Body:
    __tracebackhide__ = True
    try:
        return Body(cell, shell)
    except SyntaxError as error:
        if "async" in str(error.msg) or "await" in str(error.msg):
            page(_AWAIT).show()
        raise


def _tell_refusal(error: Exception, body: Body) -> None:
    """Say below the cell which operation torch refused, and where."""
    operation = refused_operation(error)
    if operation is None:
        return
    place = body.place_of(error)
    where = "" if place is None else f", which line {place[0]} calls: {place[1]}"
    page(
        f"torch has no deterministic algorithm for {operation}{where}",
        "Use another operation, or %%deterministic --warn-only, with which it runs and warns.",
    ).show()


def _tell_unlimited(limit: Optional[ThreadLimit]) -> None:
    """Say below the cell what computed with another number of threads."""
    if limit is not None and limit.unlimited:
        threads = "1 thread" if limit.count == 1 else f"{limit.count} threads"
        page(f"Not limited to {threads}: {'; '.join(limit.unlimited)}.").show()


def _status(config: DeterministicConfig) -> Page:
    settings = get_deterministic_status(config).values()
    rows = [
        (row.name, _value(row), _settled(row), row.when.value, row.purpose)
        for row in settings
        if row.name not in _OF_THE_MACHINE
    ]
    return page(
        Table(("setting", "value", "deterministic", "change", "purpose"), rows)
        if rows
        else "Nothing that is loaded has settings of this kind.",
        "Numbers of threads and the hash seed are not shown here, as reruns vary them: "
        "repro_nb.get_deterministic_status() has them.",
    )


def _value(row: KnobStatus) -> str:
    return "not set" if row.value is None else str(row.value)


def _settled(row: KnobStatus) -> str:
    return {True: "yes", False: "no", None: "not needed"}[row.settled]
