"""What is the matter with a cell whose failure no factor stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import Advice, first_line
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.history_of_runs import was_run
from repro_nb.rerun.diagnoses.saved_errors import fails_as_saved

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Failure

__all__ = ["IF_MEANT", "SYNTAX", "in_plain_words", "where_it_does_not_parse"]

SYNTAX = frozenset({"IndentationError", "SyntaxError", "TabError"})
"""Errors of text that is no Python."""

IF_MEANT = (
    "If the error is meant, give the cell the tag raises-exception: the run then goes on after it."
)
_MAGIC = re.compile(r"(?P<kind>Line|Cell) magic (?:function )?`?(?P<name>%+\w+)`? not found")
_WORDS = {
    "AssertionError": (
        "A check that the notebook makes itself does not hold",
        "Look at what the check is given in a fresh kernel.",
    ),
    "NotImplementedError": (
        "The code is left to be written, as in an exercise that nobody has filled in",
        f"Write it. {IF_MEANT}",
    ),
    "SystemExit": (
        "The cell ends the run by itself, with sys.exit() or the like",
        "Take the line out: a notebook ends with its last cell.",
    ),
    "KeyboardInterrupt": (
        "The cell was interrupted",
        "Run it again.",
    ),
    "RecursionError": (
        "A function calls itself deeper than the interpreter allows",
        "Raise the limit by `sys.setrecursionlimit(…)`, or write it as a loop.",
    ),
    "MemoryError": (
        "There was not enough memory",
        "Take less data, or a machine with more memory.",
    ),
}


def in_plain_words(case: Case, failure: Failure) -> Advice:
    """What the failure says, and what can be done about it."""
    raised = f"{failure.type}: {first_line(failure.message)}".rstrip(": ")
    if fails_as_saved(case):
        return Advice(f"The cell raises the error that it was saved with: {raised}", IF_MEANT)
    if failure.type in SYNTAX:
        return Advice(where_it_does_not_parse(case, failure), "Correct the line.")
    if match := _MAGIC.search(failure.message):
        name = match["name"].lstrip("%")
        evidence = f"Neither IPython nor an extension that the notebook loads has the magic {match['name']}."
        return Advice(
            evidence, f"Load the extension that has {name}, by %load_ext, in a cell before."
        )
    if failure.type in _WORDS:
        words, fix = _WORDS[failure.type]
        return Advice(f"{words}: {raised}", fix)
    evidence = f"The cell raised {raised}"
    if failure.cell is not None and was_run(case, failure.cell):
        evidence += ". When the notebook was saved it did not: what it builds on is another one now"
    return Advice(evidence, "")


def where_it_does_not_parse(case: Case, failure: Failure) -> str:
    """The sentence on a cell that is no Python."""
    origin = failure_origin(case)
    place = "" if origin is None else f" at line {origin.line}"
    what = re.sub(r" \(.*, line \d+\)$", "", first_line(failure.message))
    return f"The cell does not parse{place}: {what}"
