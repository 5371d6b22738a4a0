"""What is kept of a checkpoint when it is registered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.identity import touch_of
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.reading_content import read_content
from repro_nb.checkpoints.registered_parts import SHARD_BYTES, RegisteredFile
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.trees import Measured
from repro_nb.errors import CheckpointError, FileChangedError

__all__ = ["draft", "measured_files", "now"]


def draft(
    path: str | Path, name: str, algorithm: str, progress: ByteProgress | None = None
) -> Registration:
    """A registration with all that the checkpoint's own bytes tell.

    What lies elsewhere is read once, as a stream: where its tensors are is not known then.

    Args:
        path: The checkpoint, a file or folder, or its address.
        name: Its name in the registry.
        algorithm: Name of the hash algorithm.
        progress: Hears how hashing goes on.

    Raises:
        CheckpointError: It is not there, is no file or folder, or cannot be read.
        FileChangedError: It was written meanwhile.
    """
    if isinstance(path, str):
        measured = measure(path, algorithm_named(algorithm), shards=True, progress=progress)
        return _registration(name, algorithm, measured)
    try:
        before = touch_of(path)
        measured = measure(path, algorithm_named(algorithm), shards=True, progress=progress)
        content = read_content(path, algorithm)
        after = touch_of(path)
    except OSError as problem:
        raise CheckpointError(
            f"it cannot be read: {problem.strerror or problem}", where=str(path)
        ) from problem
    if before.digest != after.digest:
        raise FileChangedError("it was written while it was read", where=str(path))
    return replace(
        _registration(name, algorithm, measured),
        modified=before.modified,
        identity=before.digest,
        content=content,
    )


def _registration(name: str, algorithm: str, measured: Measured) -> Registration:
    return Registration(
        checkpoint=name,
        event=Event.REGISTERED,
        time=now(),
        kind=measured.kind,
        algorithm=algorithm,
        digest=measured.digest,
        size=measured.size,
        files=measured_files(measured),
    )


def measured_files(measured: Measured) -> tuple[RegisteredFile, ...]:
    """The files of a checkpoint that was measured; the one of a single file has no name."""
    step = 2 * SHARD_BYTES
    single = measured.kind == "file"
    return tuple(
        RegisteredFile(
            name="" if single else row.name,
            size=row.size,
            digest=row.digest,
            shards=tuple(shard[:step] for shard in row.shards),
        )
        for row in measured.rows
    )


def now() -> str:
    """The time, in UTC, to the microsecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
