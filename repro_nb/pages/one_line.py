"""Names from files, on one line and told apart: a name must not forge a line, nor look like another name."""

from __future__ import annotations

__all__ = ["one_line", "unbroken"]


def one_line(name: object) -> str:
    """A name as Python would quote it: line ends, other controls, odd blanks and the backslash as visible escapes."""
    return unbroken(str(name).replace("\\", "\\\\"))


def unbroken(text: str) -> str:
    """A sentence that may hold names, on one line: the same, but that a backslash stays as it is."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
