"""Notebooks written for Python 2: names and syntax that Python 3 took out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, line_with
from repro_nb.rerun.diagnoses.elimination import saved_python
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.names import names_of

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure, Origin

__all__ = ["PythonTwo", "names_python_two"]

_NAMES = {
    "apply": "function(*arguments)",
    "basestring": "str",
    "buffer": "memoryview",
    "cmp": "(a > b) - (a < b)",
    "coerce": "nothing",
    "execfile": "exec(open(path).read()), or %run",
    "file": "open",
    "ifilter": "filter",
    "ifilterfalse": "itertools.filterfalse",
    "imap": "map",
    "intern": "sys.intern",
    "izip": "zip",
    "izip_longest": "itertools.zip_longest",
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
_LATER = (
    (r"\basync\s*=(?!=)|\.async\b", "3.7", "async as a name", "non_blocking=, or another name"),
)
"""Names that became words of the language: what they look like, since when, and what to use."""

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
    evidence = f"Python 3.0 took out {name}: {_written_for(case)}."
    return [failure_cause(case, "removed-api", evidence, _FIX.format(instead=_NAMES[name]), origin)]


def _syntax(case: Case, failure: Failure, cell: int) -> Sequence[Cause]:
    told = failure_origin(case)
    for message, pattern, what, instead in _SYNTAX:
        if re.search(message, failure.message):
            return [_gone(case, what, instead, told or line_with(case, cell, pattern))]
    for pattern, version, what, instead in _LATER:
        if told is not None and re.search(pattern, told.code):
            evidence = f"Python {version} took out {what}: it is a word of the language since."
            return [failure_cause(case, "removed-api", evidence, f"Use {instead}.", told)]
    for pattern, what, instead in _ANY_SYNTAX:
        line = _line_of_python_two(case, cell, told, pattern)
        if line is not None:
            return [_gone(case, what, instead, line)]
    return ()


def _line_of_python_two(case: Case, cell: int, told: Origin | None, pattern: str) -> Origin | None:
    """The line that the parser names, or any of the cell where the notebook names Python 2 itself."""
    if told is not None and re.search(pattern, told.code):
        return told
    return line_with(case, cell, pattern) if names_python_two(case) else None


def _gone(case: Case, what: str, instead: str, origin: Origin | None) -> Cause:
    evidence = f"Python 3.0 took out {what}: {_written_for(case)}."
    return failure_cause(case, "removed-api", evidence, _FIX.format(instead=instead), origin)


def _written_for(case: Case) -> str:
    """That the notebook was written for Python 2, with what else tells so."""
    told = names_python_two(case)
    if told is None:
        statement = next(filter(None, (_printing(case, each.index) for each in case.cells)), None)
        if statement is not None:
            told = f"line {statement.line} of cell {statement.cell} is of Python 2 too"
    return f"the notebook was written for Python 2{f' ({told})' if told else ''}"


def names_python_two(case: Case) -> str | None:
    """How the notebook's metadata name Python 2; None where they do not."""
    kernel = case.notebook.node.metadata.get("kernelspec", {})
    name = kernel.get("name") if isinstance(kernel, dict) else None
    version = saved_python(case)
    if version is not None and version.startswith("2."):
        return f"its metadata name Python {version}"
    return "its metadata name the kernel python2" if name == "python2" else None


def _printing(case: Case, cell: int) -> Origin | None:
    failure = case.run.failure
    return (
        None
        if failure is not None and failure.cell == cell
        else line_with(case, cell, r"^\s*print\s+[\w'\"]")
    )
