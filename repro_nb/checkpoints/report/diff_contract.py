"""The difference of two checkpoints, and the contents of one, as JSON."""

from __future__ import annotations

import math
from typing import Any

from repro_nb.checkpoints.content import ContentDigest, ContentRow
from repro_nb.checkpoints.diff import CheckpointDiff, EntryDiff

__all__ = ["content_envelope", "diff_envelope"]


def diff_envelope(diff: CheckpointDiff) -> dict[str, Any]:
    """What ``checkpoint diff --json`` prints; keys are only ever added."""
    result = {
        "left": diff.left,
        "right": diff.right,
        "left_format": diff.left_format,
        "left_out": list(diff.left_out),
        "right_format": diff.right_format,
        "agrees": diff.agrees,
        "same": diff.same,
        "rows": [_row(row) for row in diff.rows],
    }
    return {"schema": "repro_nb/checkpoint-diff/1", "results": [result]}


def content_envelope(path: str, content: ContentDigest) -> dict[str, Any]:
    """What ``checkpoint content --json`` prints; keys are only ever added."""
    result = {
        "path": path,
        "digest": content.digest,
        "name": str(content),
        "algorithm": content.algorithm,
        "format": content.format,
        "rows": [_content_row(row) for row in content.rows],
    }
    return {"schema": "repro_nb/checkpoint-content/1", "results": [result]}


def _row(row: EntryDiff) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": row.name,
        "change": row.change.value,
        "left": row.left,
        "right": row.right,
    }
    if row.difference is not None:
        found |= {
            "changed": row.difference.changed,
            "elements": row.difference.elements,
            "share": row.difference.share,
            "first_index": list(row.difference.first_index),
            "first_bit": row.difference.first_bit,
            "max_abs": _number(row.difference.max_abs),
            "l2": _number(row.difference.l2),
            "relative": _number(row.difference.relative),
            "not_finite": row.difference.not_finite,
        }
    return found


def _number(value: float | None) -> float | str | None:
    """JSON has no infinity."""
    return "infinity" if value is not None and math.isinf(value) else value


def _content_row(row: ContentRow) -> dict[str, Any]:
    found = {
        "name": row.name,
        "kind": row.kind,
        "dtype": row.dtype,
        "shape": list(row.shape),
        "digest": row.digest,
    }
    if row.place is None:
        return found
    where = {"file": row.place.file, "start": row.place.range.start, "stop": row.place.range.stop}
    return found | {"place": where}
