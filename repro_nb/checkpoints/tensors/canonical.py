"""One text for each value, the same on every machine; different values have different texts."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["canonical_text"]


def canonical_text(value: object) -> str:
    """`value` as JSON in which each kind of value is told from the others, and floats are to the bit.

    Args:
        value: None, a truth value, number, text or bytes, or a list, tuple or dictionary of these.
    """
    return json.dumps(_told(value), separators=(",", ":"), ensure_ascii=True)


def _told(value: object) -> Any:  # noqa: PLR0911 - one line for each kind
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": hex(value)}
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, list):
        return [_told(each) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [_told(each) for each in value]}
    if isinstance(value, frozenset):
        return {"set": sorted(map(canonical_text, value))}
    if isinstance(value, dict):
        return {"dict": [[_told(key), _told(value[key])] for key in value]}
    raise TypeError(f"no value of a checkpoint: {type(value).__name__}")
