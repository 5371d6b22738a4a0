r"""What a stream looks like once a terminal has shown it: ``\r``, ``\b``, cursor movements and colours resolved."""

from __future__ import annotations

import re
from itertools import accumulate

__all__ = ["render", "strip_colours"]

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*+[ -/]*+[@-~]"  # control sequence: colours, cursor
    r"|\][^\x07\x1b]*+(?:\x07|\x1b\\)?"  # operating system command: titles, hyperlinks
    r"|[@-Z\\^_])"
)
_MOVES = re.compile(r"\x08|\x1b\[[0-9;?]*+[A-DFGJK]")
_STEP = re.compile(
    r"[\n\r\x08]|\x1b\[([0-9;?]*+)([@-~])|\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)?|\x1b.?|[^\n\r\x08\x1b]++"
)


def strip_colours(text: str) -> str:
    """`text` without ANSI escape sequences."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def render(text: str) -> str:
    """`text` as a terminal shows it in the end.

    Linear in the text's length. The cursor never moves beyond what was written, so that a few bytes cannot claim
    memory without bound; a real terminal would pad with blanks.
    """
    if _MOVES.search(text):
        return _Screen().feed(text)
    text = strip_colours(text)
    if "\r" not in text:
        return text
    return "\n".join(_overwrite(line) if "\r" in line else line for line in text.split("\n"))


def _overwrite(line: str) -> str:
    """What is left of a line whose parts, divided by carriage returns, were written over each other."""
    parts = line.split("\r")
    shown = [parts[-1]]
    lengths = accumulate(map(len, reversed(parts)), max)
    for part, length in zip(reversed(parts[:-1]), lengths, strict=False):
        shown.append(part[length:])
    return "".join(shown)


class _Screen:
    """A terminal of any width and height that knows what progress bars use.

    A row is kept as a list while it is written, and as a string once it is left, since a list of characters takes
    eight times the memory. A row that is written again stays a list, so that no row is converted over and over.
    """

    def __init__(self) -> None:
        self.rows: list[list[str] | str] = [[]]
        self.row = 0
        self.column = 0

    def feed(self, text: str) -> str:
        for step in _STEP.finditer(text):
            self._take(step)
        return "\n".join("".join(row) for row in self.rows)

    def _take(self, step: re.Match[str]) -> None:
        piece = step.group()
        if piece == "\n":
            self._new_line()
        elif piece == "\r":
            self.column = 0
        elif piece == "\x08":
            self.column = max(0, self.column - 1)
        elif step.group(2):
            self._control(step.group(2), step.group(1))
        elif piece[0] != "\x1b":
            self._writable()[self.column : self.column + len(piece)] = piece
            self.column += len(piece)

    def _writable(self) -> list[str]:
        row = self.rows[self.row]
        if isinstance(row, str):
            row = self.rows[self.row] = list(row)
        return row

    def _new_line(self) -> None:
        self.row, self.column = self.row + 1, 0
        if self.row == len(self.rows):
            self.rows[-1] = "".join(self.rows[-1])
            self.rows.append([])

    def _control(self, command: str, argument: str) -> None:
        count = int(argument) if argument.isdecimal() and len(argument) < 6 else 1  # noqa: PLR2004 - screens are small
        if command in "AF":
            self._move(-count)
        elif command == "B":
            self._move(count)
        elif command in "CDG":
            target = {"C": self.column + count, "D": self.column - count, "G": count - 1}[command]
            self.column = min(max(0, target), len(self.rows[self.row]))
        elif command == "K":
            self._erase_in_line(argument)
        elif command == "J":
            self._erase_in_screen(argument)

    def _move(self, rows: int) -> None:
        self.row = min(max(0, self.row + rows), len(self.rows) - 1)
        self.column = min(self.column, len(self.rows[self.row]))

    def _erase_in_line(self, argument: str) -> None:
        row = self._writable()
        if argument in ("", "0"):
            del row[self.column :]
        elif argument == "2":
            row.clear()
            self.column = 0

    def _erase_in_screen(self, argument: str) -> None:
        if argument in ("", "0"):
            del self.rows[self.row + 1 :]
            del self._writable()[self.column :]
        elif argument in ("2", "3"):
            self.rows, self.row, self.column = [[]], 0, 0
