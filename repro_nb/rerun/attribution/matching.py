"""The words by which a line shows that it uses a factor, for factors that leave no trace of their own.

Names are compared as they are imported: ``from time import localtime as at`` makes ``at(0)`` a ``time.localtime``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from repro_nb.rerun.attribution.words import NO_WORDS, WORDS
from repro_nb.rerun.dataflow import Statement

__all__ = ["Match", "Rank", "aliases", "line_of", "matches"]


class Rank(IntEnum):
    """How surely a line uses a factor; the least is the surest."""

    SURE = 0
    LIKELY = 1
    POSSIBLE = 2


@dataclass(frozen=True)
class Match:
    """A place in a statement that fits.

    Attributes:
        rank: How well.
        line: Number of the line, from 1.
    """

    rank: Rank
    line: int


def aliases(statements: Iterable[Statement]) -> dict[str, str]:
    """What imported names stand for: ``{"np": "numpy", "environ": "os.environ"}``."""
    found: dict[str, str] = {}
    for statement in statements:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Import):
                found.update((n.asname, n.name) for n in node.names if n.asname)
            elif isinstance(node, ast.ImportFrom):
                home = node.module or ""
                found.update((n.asname or n.name, f"{home}.{n.name}") for n in node.names)
    return found


def matches(factor: str, statement: Statement, known: Mapping[str, str]) -> Iterator[Match]:
    """The places of a statement that use `factor`.

    Args:
        factor: Its public name.
        statement: The statement.
        known: What `aliases` gave.
    """
    words = WORDS.get(factor, NO_WORDS)
    for node in ast.walk(statement.node):
        for text in _texts(node, known):
            if words.sure is not None and words.sure.fullmatch(text):
                yield Match(Rank.SURE, line_of(node))
            elif words.likely is not None and words.likely.fullmatch(text):
                yield Match(Rank.LIKELY, line_of(node))


def line_of(node: ast.AST) -> int:
    """The line that a frame is in while it evaluates a node: that of the method's name, for a call of one."""
    function = getattr(node, "func", None)
    if isinstance(function, ast.Attribute):
        return function.end_lineno or function.lineno
    line: int = getattr(node, "lineno", 1)
    return line


def _texts(node: ast.AST, known: Mapping[str, str]) -> Iterator[str]:
    """What a node is called: ``time.localtime()``, ``.strftime()``, ``os.environ['HOME']``, ``{:n}``, ``@``."""
    if isinstance(node, ast.Call):
        end = "()" if not node.args and not node.keywords else "(…)"
        yield f"{_dotted(node.func, known)}{end}"
        literal = next((a for a in node.args if isinstance(a, ast.Constant)), None)
        if literal is not None and isinstance(literal.value, str):
            yield f"{_dotted(node.func, known)}({literal.value!r:.60})"
        yield from (f"{keyword.arg}=" for keyword in node.keywords if keyword.arg)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        yield f"{_dotted(node.value, known)}[{node.slice.value!r:.60}]"
    elif isinstance(node, ast.Attribute | ast.Name):
        yield _dotted(node, known)
    elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        yield "{:" + "".join(str(getattr(p, "value", "")) for p in _parts(node.format_spec)) + "}"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield "@"


def _parts(spec: ast.expr) -> list[ast.expr]:
    return spec.values if isinstance(spec, ast.JoinedStr) else []


def _dotted(node: ast.expr, known: Mapping[str, str]) -> str:
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return ""
