"""One text for each value, the same on every machine; different values have different texts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

__all__ = ["canonical_text"]


def canonical_text(value: object) -> str:
    """`value` as JSON in which each kind of value is told from the others, and floats are to the bit.

    It is written out as it is gone through: a list of a million numbers takes no more memory than its text.

    Args:
        value: None, a truth value, number, text or bytes, or a list, tuple or dictionary of these.
    """
    text = io.StringIO()
    _write(value, text)
    return text.getvalue()


def _write(value: object, text: io.StringIO) -> None:
    if isinstance(value, list):
        _write_all(value, text)
    elif isinstance(value, tuple):
        text.write('{"tuple":')
        _write_all(value, text)
        text.write("}")
    elif isinstance(value, frozenset):
        text.write('{"set":')
        _write_all(sorted(map(canonical_text, value)), text)
        text.write("}")
    elif isinstance(value, dict):
        text.write('{"dict":')
        _write_all(map(list, value.items()), text)
        text.write("}")
    else:
        text.write(_scalar(value))


def _write_all(values: Iterable[object], text: io.StringIO) -> None:
    separator = "["
    for each in values:
        text.write(separator)
        _write(each, text)
        separator = ","
    text.write("[]" if separator == "[" else "]")


def _scalar(value: object) -> str:
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value)
    if isinstance(value, int):
        return f'{{"int":"{value:#x}"}}'
    if isinstance(value, float):
        return f'{{"float":"{value.hex()}"}}'
    if isinstance(value, complex):
        return f'{{"complex":["{value.real.hex()}","{value.imag.hex()}"]}}'
    if isinstance(value, bytes):
        return f'{{"bytes":"{value.hex()}"}}'
    raise TypeError(f"no value of a checkpoint: {type(value).__name__}")
