"""The text of a cell: its syntax tree, and where in the text each node stands. IPython's own lines are stepped over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from repro_nb.rerun.cell_code import PYTHON_MAGICS, parsed
from repro_nb.rerun.fix.changes import Splice

__all__ = ["CellText", "OverlapError", "spliced"]

_NEWLINE = re.compile(r"\r\n|\r|\n")
_OWN_LINE = re.compile(r"[ \t]*(?:[%!?]|[^#'\"]*\?{1,2}[ \t]*$)")
_TIMED = re.compile(r"([ \t]*)%time (?=[ \t]*\S)")
_TIMED_STAND_IN = "if 1: "
_ASSIGNED = re.compile(r"([ \t]*[\w.\[\]'\", \t]+=[ \t]*)([%!].*)")


class OverlapError(ValueError):
    """Two changes want the same text."""


@dataclass(frozen=True)
class CellText:
    """The text of a code cell."""

    source: str

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None where the cell is no Python that can be read."""
        if self._first_line.startswith("%%") and self._magic not in PYTHON_MAGICS:
            return None
        return parsed(self._readable)

    @property
    def is_python(self) -> bool:
        """Whether it can be read and edited as Python."""
        return self.tree is not None

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node around each node."""
        tree = self.tree
        nodes = () if tree is None else ast.walk(tree)
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def nodes(self, line: int | None = None) -> Iterator[ast.AST]:
        """All nodes with a place, or those whose text has a part on `line` (from 1), from left to right."""
        if self.tree is None:
            return
        placed: list[Any] = [node for node in ast.walk(self.tree) if hasattr(node, "lineno")]
        for node in sorted(placed, key=lambda node: (node.lineno, node.col_offset)):
            if line is None or node.lineno <= line <= (node.end_lineno or node.lineno):
                yield node

    def start(self, node: ast.AST) -> int:
        """Offset in the text at which `node` begins."""
        return self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Offset of the first character after `node`."""
        return self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def text(self, node: ast.AST) -> str:
        """The text of `node`."""
        return self.source[self.start(node) : self.end(node)]

    def line_start(self, line: int) -> int:
        """Offset at which a line (from 1) begins; the end of the text for a line after the last."""
        starts = self._line_starts
        return starts[line - 1] if line <= len(starts) else len(self.source)

    def line_of(self, offset: int) -> int:
        """Number of the line, from 1, that holds `offset`."""
        return sum(start <= offset for start in self._line_starts)

    @property
    def head(self) -> int:
        """Offset of the first line that is no cell magic and no blank line in front of it."""
        if not self._first_line.startswith("%%"):
            return 0
        return self.line_start(self.line_of(self.source.index("%%")) + 1)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.source))]

    @property
    def _first_line(self) -> str:
        return self.source.lstrip().partition("\n")[0]

    @property
    def _magic(self) -> str:
        return self._first_line[2:].split(" ")[0].strip()

    @cached_property
    def _readable(self) -> str:
        """The text with what Python cannot read replaced by as many characters that it can."""
        if parsed(self.source) is not None:
            return self.source
        return "".join(_masked(re.split(r"(\r\n|\r|\n)", self.source)))

    def _offset(self, line: int, column: int) -> int:
        """Offset in characters of a place that Python counts in bytes of UTF-8."""
        start = self.line_start(line)
        readable = self._readable[start : self.line_start(line + 1)]
        return start + len(
            readable.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace")
        )


def _masked(parts: Sequence[str]) -> Iterator[str]:
    """Lines, and between them their ends, with those of IPython's own masked."""
    goes_on = False
    for part in parts:
        if _NEWLINE.fullmatch(part):
            yield part
            continue
        own = goes_on or _OWN_LINE.match(part) is not None
        yield _stand_in(part, goes_on=goes_on) if own else _assigned(part)
        goes_on = own and part.endswith("\\")


def _stand_in(line: str, *, goes_on: bool) -> str:
    if goes_on:
        return " " * len(line)
    timed = _TIMED.match(line)
    if timed is not None:
        return timed[1] + _TIMED_STAND_IN + line[timed.end() :]
    indent = len(line) - len(line.lstrip())
    return line[:indent] + "0".ljust(len(line) - indent)


def _assigned(line: str) -> str:
    found = _ASSIGNED.fullmatch(line)
    return line if found is None else found[1] + "0".ljust(len(found[2]))


def spliced(source: str, splices: Sequence[Splice]) -> str:
    """`source` with all splices made; equal ones count once, insertions at one place follow one another.

    Raises:
        OverlapError: Two of them want the same text.
    """
    parts: list[str] = []
    done = 0
    for splice in sorted(dict.fromkeys(splices), key=lambda each: (each.start, each.end)):
        if splice.start < done:
            raise OverlapError(f"two changes at offset {splice.start}")
        parts += [source[done : splice.start], splice.text]
        done = splice.end
    return "".join([*parts, source[done:]])
