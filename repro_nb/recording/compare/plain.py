"""Text out of whatever a notebook file holds where text should be."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["as_json", "as_text", "is_text"]


def is_text(value: Any) -> bool:
    """Whether `value` is text as nbformat writes it: a string, or a list of strings to join."""
    if isinstance(value, str):
        return True
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def as_text(value: Any) -> str:
    """`value` as one string; what is no text is shown as JSON."""
    if isinstance(value, str):
        return value
    return "".join(value) if is_text(value) else as_json(value)


def as_json(value: Any) -> str:
    """`value` as indented JSON with sorted keys, as far as it can be written so."""
    try:
        return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=_foreign)
    except (TypeError, ValueError, RecursionError):  # mixed keys, cycles, or nested too deeply
        return f"({type(value).__name__} that cannot be shown)"


def _foreign(value: Any) -> str:
    """Stands in for a value that JSON does not know; its type, as its repr may hold an address."""
    return f"({type(value).__name__})"
