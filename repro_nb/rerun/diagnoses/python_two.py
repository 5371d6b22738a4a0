"""Notebooks written for Python 2: names and syntax that Python 3 took out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.names import names_of

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure, Origin

__all__ = ["PythonTwo"]

_NAMES = {
    "apply": "function(*arguments)",
    "basestring": "str",
    "buffer": "memoryview",
    "cmp": "(a > b) - (a < b)",
    "coerce": "nothing",
    "execfile": "exec(open(path).read()), or %run",
    "file": "open",
    "intern": "sys.intern",
    "izip": "zip",
    "long": "int",
    "raw_input": "input",
    "reduce": "functools.reduce",
    "reload": "importlib.reload",
    "unichr": "chr",
    "unicode": "str",
    "xrange": "range",
}
_UNDEFINED = re.compile(r"(?:global )?name '(?P<name>\w+)' is not defined")
_SYNTAX = (
    (r"Missing parentheses in call to 'print'", r"^\s*print\b", "the print statement", "print(…)"),
    (r"Missing parentheses in call to 'exec'", r"^\s*exec\b", "the exec statement", "exec(…)"),
    (
        r"multiple exception types must be parenthesized",
        r"\bexcept\b.+,",
        "`except Error, name`",
        "`except Error as name`",
    ),
    (
        r"leading zeros in decimal integer literals",
        r"\b0\d+",
        "octal numbers with a leading 0 alone",
        "0o777",
    ),
)
_ANY_SYNTAX = (
    (r"^\s*print\s+[^(=\s]", "the print statement", "print(…)"),
    (r"^\s*print\s*>>", "the print statement", "print(…, file=…)"),
    (r"^\s*exec\s+[^(=\s]", "the exec statement", "exec(…)"),
    (r"^\s*raise\s+\w+\s*,", "`raise Error, text`", "`raise Error(text)`"),
    (r"\bexcept\s+\w+\s*,\s*\w+\s*:", "`except Error, name`", "`except Error as name`"),
    (r"<>", "the operator <>", "!="),
    (r"\b\d+[lL]\b", "long numbers such as 1L", "the number without the letter"),
    (r"\bur['\"]", "strings such as ur''", "r''"),
    (r"`[^`]+`", "`value` in backticks", "repr(value)"),
    (r"^\s*(?:def|lambda)\b.*\(\s*\(", "tuples as parameters", "one parameter, unpacked inside"),
)
_FIX = "Use {instead}; `python -m lib2to3` of Python 3.11 or older, or 2to3, rewrites whole files."


@dataclass(frozen=True)
class PythonTwo:
    """Names and syntax of Python 2."""

    name: str = "removed-api"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a NameError or SyntaxError in code of Python 2."""
        failure = case.failure
        if failure is None or failure.cell is None:
            return ()
        if failure.type == "NameError":
            return _name(case, failure, failure.cell)
        if failure.type in ("SyntaxError", "TabError"):
            return _syntax(case, failure, failure.cell)
        return ()


def _name(case: Case, failure: Failure, cell: int) -> Sequence[Cause]:
    match = _UNDEFINED.match(failure.message)
    if match is None or match["name"] not in _NAMES:
        return ()
    name = match["name"]
    if any(name in names_of(each.source).binds for each in case.cells):
        return ()
    origin = failure_origin(case) or line_with(case, cell, rf"\b{name}\b")
    evidence = f"Python 3.0 took out {name}: the notebook was written for Python 2."
    return [failure_cause(case, "removed-api", evidence, _FIX.format(instead=_NAMES[name]), origin)]


def _syntax(case: Case, failure: Failure, cell: int) -> Sequence[Cause]:
    told = failure_origin(case)
    for message, pattern, what, instead in _SYNTAX:
        if re.search(message, failure.message):
            return [_gone(case, what, instead, told or line_with(case, cell, pattern))]
    for pattern, what, instead in _ANY_SYNTAX:
        if told is not None and re.search(pattern, told.code):
            return [_gone(case, what, instead, told)]
    return ()


def _gone(case: Case, what: str, instead: str, origin: Origin | None) -> Cause:
    evidence = f"Python 3.0 took out {what}: the notebook was written for Python 2."
    return failure_cause(case, "removed-api", evidence, _FIX.format(instead=instead), origin)
