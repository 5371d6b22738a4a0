"""A difference as JSON. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from repro_nb.recording.diff import CellDiff, NotebookDiff
from repro_nb.rerun.report.contract import output_to_json

__all__ = ["SCHEMA", "envelope"]

SCHEMA = "repro_nb/diff/1"


def envelope(diffs: Sequence[NotebookDiff]) -> dict[str, Any]:
    """The differences as what ``json`` can write."""
    return {"schema": SCHEMA, "results": [_diff(diff) for diff in diffs]}


def _diff(diff: NotebookDiff) -> dict[str, Any]:
    first, first_state = (
        next((position for position, each in enumerate(diff.cells) if each is cell), None)
        for cell in (diff.first, diff.first_state)
    )
    return {
        "name": diff.name,
        "left": diff.left,
        "right": diff.right,
        "agrees": diff.agrees,
        "first": first,
        "first_state": first_state,
        "cells": [_cell(cell) for cell in diff.cells],
        "environment": [asdict(each) for each in diff.environment],
        "environment_known": diff.environment_known,
    }


def _cell(cell: CellDiff) -> dict[str, Any]:
    outputs = cell.comparison.outputs if cell.comparison else ()
    return {
        "left": cell.left,
        "right": cell.right,
        "id": cell.id,
        "outcome": cell.outcome.value if cell.outcome else None,
        "source_changed": cell.source_changed,
        "statuses": list(cell.statuses),
        "sources": [asdict(source) for source in cell.sources],
        "outputs": [output_to_json(output) for output in outputs if not output.outcome.agrees],
    }
