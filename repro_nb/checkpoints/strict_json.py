"""JSON that a stranger wrote, read so that no other reader can see another value in it."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["parse_json"]


def parse_json(content: bytes) -> Any:
    """The value that UTF-8 JSON text stands for.

    Raises:
        ValueError: It is no JSON, names a key twice, has numbers that JSON lacks, or is nested too deeply.
    """
    try:
        return json.loads(
            content.decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_number
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
