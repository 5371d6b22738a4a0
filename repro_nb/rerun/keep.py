"""What an examination leaves on disk, where the user asked for it: the executed notebook, the recording."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from repro_nb.errors import UsageError
from repro_nb.files import write_atomically
from repro_nb.recording.making import make_recording
from repro_nb.recording.store import recording_path, write_recording
from repro_nb.rerun.random_state import floating_sources

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.result import Level
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.saved import SavedOutputs

__all__ = ["save_executed", "save_target", "update_recording"]


def save_target(path: str, folder: Path) -> Path:
    """Where the executed notebook goes: below `folder`, at the place that it has below the working directory.

    One from elsewhere goes into `folder` itself.

    Raises:
        UsageError: That is the notebook itself, which is never changed.
    """
    place = Path(os.path.relpath(path))
    target = folder / (place.name if ".." in place.parts else place)
    if target.resolve() == Path(path).resolve():
        raise UsageError(
            "the executed notebook would replace the one that is examined",
            where=str(target),
            hint="Name another folder with --save.",
        )
    return target


def save_executed(run: Run, target: Path) -> None:
    """Write the executed notebook to `target`.

    Raises:
        UsageError: It cannot be written there.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, nbformat.writes(run.node).encode("utf-8", "surrogatepass"))
    except OSError as error:
        message = f"the executed notebook cannot be written: {error.strerror or error}"
        raise UsageError(message, where=str(target)) from error


def update_recording(
    notebook: Notebook,
    runs: Sequence[Run],
    level: Level | None,
    saved: SavedOutputs,
    options: VerifyOptions,
) -> Path:
    """Write the recording of the first run beside the notebook.

    Raises:
        RecordingError: It cannot be written.
    """
    first = runs[0]
    floating = {name for other in runs[1:] for name in floating_sources(first, other)}
    if len(runs) == 1:
        # Nothing tells a seeded stream from another, so no state is claimed to come again.
        floating = {name for record in first.records if record for name in record.draws}
    recording = make_recording(
        notebook=str(notebook.path),
        kernel={"name": first.launch.name, "language": str(first.launch.spec.language)},
        records=first.records,
        outputs=[outputs or [] for outputs in first.outputs],
        sources=[cell.source for cell in notebook.code_cells],
        floating=floating,
        environment=first.environment,
        level=level,
        seconds=first.cell_seconds,
        previous=saved.previous,
        options=options.compare_options(first.private_paths),
        ids=[cell.id for cell in notebook.code_cells],
        seed=first.seed,
    )
    path = recording_path(notebook.path)
    write_recording(recording, path)
    return path
