"""What a notebook's text says of a factor that leaves no other trace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_nb.probe.factors.factor import Traces

__all__ = ["SHELL", "mentions", "words"]

SHELL = r"^\s*(?:\w+\s*=\s*)?!|^\s*%%?(?:bash|sh|script|sx|system|perl|ruby)\b|\b(?:subprocess|popen|os\.system)\b"
"""Matches what starts programs."""


def words(*names: str) -> str:
    """A pattern that matches each of `names` as a whole word."""
    return rf"\b(?:{'|'.join(names)})\b"


def mentions(traces: Traces, *patterns: str) -> bool:
    """Whether a cell's text, comments among it, matches one of the regular expressions."""
    pattern = re.compile("|".join(f"(?:{one})" for one in patterns), re.MULTILINE)
    return any(pattern.search(source) for source in traces.sources)
