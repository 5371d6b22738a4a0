"""Reads the registry of the older toolkit, ``.checkpoint_verification.json``, and never writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath
from typing import Any

from repro_nb.checkpoints.metadata import to_kept
from repro_nb.checkpoints.names import is_safe
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.errors import RegistryError

__all__ = ["OLDER", "older_registrations"]

OLDER = ".checkpoint_verification.json"
"""File name of the older registry."""

_HINT = "Take it from version control, or move it away: what it held must then be registered again."


def older_registrations(directory: Path) -> tuple[Registration, ...]:
    """What the older registry of a folder holds; nothing where there is none.

    Raises:
        RegistryError: It cannot be read, or is damaged. Nothing of it is left out in silence.
    """
    path = directory / OLDER
    if not path.is_file():
        return ()
    try:
        data = json.loads(path.read_bytes())
    except OSError as problem:
        raise RegistryError(
            f"the older registry cannot be read: {problem.strerror or problem}", where=str(path)
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise RegistryError(
            f"the older registry is damaged: {problem}", where=str(path), hint=_HINT
        ) from problem
    if not isinstance(data, dict):
        raise RegistryError("this is no older registry", where=str(path), hint=_HINT)
    return tuple(_registration(name, facts, path) for name, facts in data.items())


def _registration(name: str, facts: Any, path: Path) -> Registration:
    try:
        return _translated(name, facts)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise RegistryError(
            f"the entry of {name!r} in the older registry is damaged: {problem}",
            where=str(path),
            hint=_HINT,
        ) from problem


def _translated(name: str, facts: Mapping[str, Any]) -> Registration:
    slashed = PureWindowsPath(name).as_posix() if "\\" in name else name
    if not is_safe(slashed):
        raise ValueError("the name leads out of the folder")
    digest = str(facts["hash_value"]).lower()
    int(digest, 16)
    return Registration(
        checkpoint=slashed,
        event=Event.REGISTERED,
        time=_time(float(facts["created_timestamp"])),
        kind="file",
        algorithm=str(facts["hash_algorithm"]).lower(),
        digest=digest,
        size=int(facts["file_size"]),
        modified=float(facts["last_modified"]),
        metadata=to_kept(dict(facts.get("metadata") or {})),
        source=OLDER,
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
