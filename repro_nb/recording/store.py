"""Recordings on disk: ``NAME.repro.json`` beside ``NAME.ipynb``."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from repro_nb.errors import RecordingError
from repro_nb.files import write_atomically
from repro_nb.recording.recording import SCHEMA, Recording

__all__ = ["dumps", "read_recording", "recording_path", "recording_schema", "write_recording"]

SUFFIX = ".repro.json"
_FAMILY, _, _NEWEST = SCHEMA.rpartition("/")


def recording_path(notebook: str | Path) -> Path:
    """Where the recording of `notebook` lies: ``study.ipynb`` → ``study.repro.json``."""
    path = Path(notebook)
    return path.with_name(path.name.removesuffix(".ipynb") + SUFFIX)


def dumps(recording: Recording) -> bytes:
    """The recording as a file's content: sorted keys, two spaces, floats by ``repr``, a newline at the end."""
    text = json.dumps(recording.to_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate becomes its JSON escape


def write_recording(recording: Recording, path: str | Path) -> None:
    """Writes `recording` so that a reader finds the old file or the new one, never a part of it.

    Raises:
        RecordingError: The file cannot be written.
    """
    try:
        write_atomically(Path(path), dumps(recording))
    except OSError as problem:
        raise RecordingError(
            f"the recording cannot be written: {problem.strerror or problem}",
            where=str(path),
            hint="Is the folder writable, and is there space left?",
        ) from problem


def read_recording(path: str | Path) -> Recording:
    """Reads what `write_recording` wrote.

    Raises:
        RecordingError: The file cannot be read, is no recording, is damaged, or was written by a newer version.
    """
    data = _load(Path(path))
    _check_schema_name(data, path)
    _check_content(data, path)
    try:
        return Recording.from_json(data)
    except (TypeError, KeyError) as problem:
        raise _damaged(path, str(problem)) from problem


@cache
def recording_schema() -> dict[str, Any]:
    """The JSON Schema of recordings."""
    text = files("repro_nb.recording").joinpath("schema/recording.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as problem:
        raise RecordingError(
            f"the recording cannot be read: {problem.strerror or problem}", where=str(path)
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise RecordingError(
            f"this is not JSON: {problem}",
            where=str(path),
            hint="Take the file from version control, or record again: repro-nb verify --update NOTEBOOK",
        ) from problem


def _check_schema_name(data: Any, path: str | Path) -> None:
    name = data.get("schema") if isinstance(data, dict) else None
    found = re.fullmatch(re.escape(_FAMILY) + r"/(\d{1,9})", str(name))
    if not found:
        raise RecordingError(
            f'this is no recording: its "schema" is not "{SCHEMA}"', where=str(path)
        )
    if int(found[1]) > int(_NEWEST):
        raise RecordingError(
            f"written by a newer repro_nb ({name}), which this one cannot read",
            where=str(path),
            hint="Upgrade: pip install --upgrade repro_nb",
        )


def _check_content(data: Any, path: str | Path) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to import, and only reading needs it

    problem = next(Draft202012Validator(recording_schema()).iter_errors(data), None)
    if problem is not None:
        raise _damaged(path, f"{problem.json_path}: {problem.message[:200]}")


def _damaged(path: str | Path, what: str) -> RecordingError:
    return RecordingError(
        f"the recording is damaged: {what}",
        where=str(path),
        hint="Take it from version control, or record again: repro-nb verify --update NOTEBOOK",
    )
