"""The JSON result: a public contract. Keys are only ever added."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from repro_nb.recording.outcome import CellComparison, OutputComparison
from repro_nb.rerun.report.failure import traceback_text
from repro_nb.rerun.report.focus import focus_of
from repro_nb.rerun.report.reasons import reasons_of
from repro_nb.rerun.result import Cause, CellResult, NotebookResult

__all__ = ["EXPLAIN", "VERIFY", "envelope", "result_to_json", "validate", "verify_schema"]

VERIFY = "repro_nb/verify/1"
EXPLAIN = "repro_nb/explain/1"

_LONGEST_TEXT = 20_000
"""Characters kept of either side of an output that differs."""


def envelope(results: Sequence[NotebookResult], schema: str = VERIFY) -> dict[str, Any]:
    """The results as what ``json`` can write, in the form that the shipped JSON Schema describes.

    Args:
        results: The examined notebooks.
        schema: `VERIFY` or `EXPLAIN`, by the command that found them out; the results have one form.
    """
    return {"schema": schema, "results": [result_to_json(result) for result in results]}


@cache
def verify_schema() -> dict[str, Any]:
    """The JSON Schema of `envelope`."""
    text = files("repro_nb.rerun.report").joinpath("verify.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def validate(data: Mapping[str, Any]) -> None:
    """Checks an envelope against the contract.

    Raises:
        jsonschema.ValidationError: It breaks the contract; the message says where.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and seldom needed

    Draft202012Validator(verify_schema()).validate(data)


def result_to_json(result: NotebookResult) -> dict[str, Any]:
    """One notebook's entry in the envelope."""
    return {
        "notebook": result.notebook,
        "level": None if result.level is None else result.level.value,
        "level_name": None if result.level is None else result.level.label,
        "status": result.status.value,
        "error": _error(result),
        "coverage": asdict(result.coverage),
        "held_back_by": result.held_back_by,
        "run_to_run": _run_to_run(result),
        "saved": {
            "divergent_cells": list(result.saved.divergent_cells),
            "first": result.saved.first,
            "available": result.saved.available,
            "origin": result.saved.origin,
        },
        "cells": [_cell(cell) for cell in result.cells],
        "seconds": result.seconds,
        **_circumstances(result),
    }


def _circumstances(result: NotebookResult) -> dict[str, Any]:
    """What was added to the contract's first keys."""
    return {
        "first_divergent": _first_divergent(result),
        "causes": [_cause(cause) for cause in result.causes],
        "diverged_sources": [asdict(source) for source in result.diverged_sources],
        "findings": [asdict(finding) for finding in result.findings],
        "runs": [{**asdict(run), "pinned": list(run.pinned)} for run in result.runs],
        "not_varied": list(result.not_varied),
        "isolation": result.isolation,
        "environment": result.environment.to_json() if result.environment else None,
        "bar": {"level": result.bar.value, "name": result.bar.label, "reason": result.bar_reason},
        "recording": result.recording,
        "exit_code": result.exit_code,
    }


def _error(result: NotebookResult) -> dict[str, Any] | None:
    if result.error is None:
        return None
    error = result.error
    return {
        "cell": error.cell,
        "type": error.type,
        "message": error.message,
        "traceback": traceback_text(result),
    }


def _run_to_run(result: NotebookResult) -> dict[str, Any]:
    plain = result.run_to_run.plain_divergent_cells
    return {
        "divergent_cells": list(result.run_to_run.divergent_cells),
        "first": result.run_to_run.first,
        "plain_divergent_cells": None if plain is None else list(plain),
    }


def _cell(cell: CellResult) -> dict[str, Any]:
    return {
        "index": cell.index,
        "id": cell.id,
        "status": cell.status.value,
        "run_to_run": _outcome(cell.run_to_run),
        "saved": _outcome(cell.saved),
        "draws": list(cell.draws),
        "seconds": cell.seconds,
        "reasons": [{**asdict(each), "outcome": each.outcome.value} for each in reasons_of(cell)],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    origin = cause.origin
    return {
        "cell": cause.cell,
        "factor": cause.factor,
        "origin": {"cell": origin.cell, "line": origin.line, "code": origin.code}
        if origin
        else None,
        "origin_seen": origin.seen if origin else None,
        "grade": cause.grade.value,
        "evidence": cause.evidence,
        "fix": cause.fix,
        "floating": cause.floating,
        "inherited_by": list(cause.inherited_by),
    }


def _outcome(comparison: CellComparison | None) -> str | None:
    outcome = comparison.outcome if comparison else None
    return outcome.value if outcome else None


def _first_divergent(result: NotebookResult) -> dict[str, Any] | None:
    focus = focus_of(result)
    if focus is None:
        return None
    return {
        "cell": focus.cell.index,
        "compared": focus.compared,
        "sides": [focus.left, focus.right],
        "outputs": [output_to_json(output) for output in focus.outputs],
    }


def output_to_json(output: OutputComparison) -> dict[str, Any]:
    """One compared output, without its pictures."""
    return {
        "output": output.output,
        "kind": output.kind,
        "outcome": output.outcome.value,
        "reason": output.reason,
        "expected": output.expected[:_LONGEST_TEXT],
        "actual": output.actual[:_LONGEST_TEXT],
    }
