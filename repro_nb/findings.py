"""What every check in the project reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Place", "Severity"]


class Severity(str, Enum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Place:
    """Where a finding was made.

    Attributes:
        path: The file, as the user named it; None in a live session.
        cell: Index over code cells, from 0, in document order.
        line: Line within the cell, from 1.
    """

    path: str | None = None
    cell: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        code: A stable, kebab-case name, such as ``unseeded-draw``.
        severity: How much it weighs.
        message: What is the matter, as one sentence.
        place: Where.
        evidence: What was seen that shows it.
        fix: What to do about it.
    """

    code: str
    severity: Severity
    message: str
    place: Place = Place()
    evidence: str = ""
    fix: str = ""
