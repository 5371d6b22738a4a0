"""Verified and registered checkpoints as JSON. Keys are only ever added."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from repro_nb.checkpoints.examining import Examination, Undecided
from repro_nb.checkpoints.registration import Registration
from repro_nb.checkpoints.report.verify_wording import Report
from repro_nb.checkpoints.verdicts import Damage

__all__ = ["SCHEMA", "envelope", "registration_json"]

SCHEMA = "repro_nb/checkpoint-verify/1"


def envelope(*reports: Report) -> dict[str, Any]:
    """The reports as what ``json`` can write."""
    return {
        "schema": SCHEMA,
        "results": [_result(report, each) for report in reports for each in report.examinations],
        "remarks": [remark for report in reports for remark in report.remarks],
    }


def registration_json(registration: Registration) -> dict[str, Any]:
    """One line of a registry, without the digests of its shards."""
    content = registration.content
    return {
        "checkpoint": registration.checkpoint,
        "event": registration.event.value,
        "time": registration.time,
        "kind": registration.kind,
        "algorithm": registration.algorithm,
        "digest": registration.digest,
        "size": registration.size,
        "files": [
            {"name": each.name, "size": each.size, "digest": each.digest}
            for each in registration.files
        ],
        "content": None
        if content is None
        else {
            "digest": content.digest,
            "entries": len(content.tensors),
            "problem": content.problem,
        },
        "architecture": registration.architecture,
        "metadata": dict(registration.metadata),
        "note": registration.note,
        "parent": asdict(registration.parent) if registration.parent else None,
        "provenance": registration.provenance.to_json(),
        "source": registration.source,
        "line": registration.number,
    }


def _result(report: Report, examination: Examination) -> dict[str, Any]:
    found = examination.verification
    return {
        "status": _status(examination),
        "registry": report.directory,
        "checkpoint": found.name,
        "verdict": found.verdict.value,
        "reason": found.reason,
        "undecided": examination.undecided.value or None,
        "algorithm": found.algorithm,
        "expected": found.expected,
        "actual": found.actual,
        "damage": [_damage(each) for each in found.damage],
        "registration": registration_json(examination.registration)
        if examination.registration
        else None,
    }


def _status(examination: Examination) -> str:
    if examination.verification:
        return "ok"
    undecided = examination.undecided
    return "skipped" if undecided is Undecided.TRUSTED else "error" if undecided else "failed"


def _damage(damage: Damage) -> dict[str, Any]:
    return {
        "file": damage.file,
        "verdict": damage.verdict.value,
        "ranges": [[each.start, each.stop] for each in damage.ranges],
        "tensors": list(damage.tensors),
    }
