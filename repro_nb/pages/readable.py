"""Text from files and notebooks, made fit to be shown."""

from __future__ import annotations

import re

__all__ = ["readable"]

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls that would steer a terminal, turn the direction of text, or break an encoding."""


def readable(text: str) -> str:
    """`text` with control characters as visible escapes, so that it can be shown without steering anything."""
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
