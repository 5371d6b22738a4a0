"""What a user should know of the runs besides the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from repro_nb.findings import Finding, Place, Severity
from repro_nb.probe.key_reuse import reused_keys
from repro_nb.rerun.kernel_choice import kernel_replaced
from repro_nb.rerun.random_state import unseeded_sources

if TYPE_CHECKING:
    from repro_nb.records import CellRecord
    from repro_nb.rerun.runner import Run

__all__ = ["not_written", "remarks"]


def remarks(path: str, runs: Sequence[Run], *, divergent: bool) -> tuple[Finding, ...]:
    """All remarks on an examination.

    Args:
        path: The notebook, as the user named it.
        runs: The runs.
        divergent: Whether any cell differs between them: its report names the sources that float.
    """
    found = [
        *kernel_replaced(path, runs[0].launch),
        *_of_the_runs(path, runs),
        *_raised(path, runs),
        *_written_through(path, runs),
        *_of_the_records(path, runs[0]),
    ]
    if not divergent and len(runs) > 1:
        found += _unseeded(path, runs)
    return tuple(found)


def not_written(path: str) -> Finding:
    """The recording that was asked for could not be made."""
    return Finding(
        code="recording-not-written",
        severity=Severity.WARNING,
        message="no recording was written, since the notebook does not run to its end",
        place=Place(path=path),
    )


def _of_the_runs(path: str, runs: Sequence[Run]) -> Iterator[Finding]:
    for remark in dict.fromkeys(remark for run in runs for remark in run.remarks):
        yield Finding(
            code="not-recorded", severity=Severity.NOTE, message=remark, place=Place(path=path)
        )


def _raised(path: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Runs that raised where the first one did not."""
    if runs[0].failure is not None:
        return
    for run in runs[1:]:
        if run.failure is not None and run.failure.exit_code == 1:
            failure = run.failure
            yield Finding(
                code="run-raised",
                severity=Severity.WARNING,
                message=f"run {run.name} raised {failure.type} in cell {failure.cell}, and run A did not",
                place=Place(path=path, cell=failure.cell),
                evidence=failure.message,
            )


def _written_through(path: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Files of the user's own that a run changed, through a link of the copy that it ran in."""
    files = (file for run in runs for file in run.launch.workspace.written_through())
    for file in dict.fromkeys(files):
        yield Finding(
            code="wrote-through-link",
            severity=Severity.ERROR,
            message=f"{file} changed while the notebook ran in a copy of the project",
            place=Place(path=path),
            evidence="large files are linked into the copy, and its size or time of change is another now",
            fix="let the notebook write its results to a new file, or run where overlay mounts work",
        )


def _unseeded(path: str, runs: Sequence[Run]) -> Iterator[Finding]:
    """Sources that float although every output agreed."""
    for source in unseeded_sources(runs):
        yield Finding(
            code="unseeded-source",
            severity=Severity.WARNING,
            message=f"{source.name} is in another state in every run, and cells draw from it",
            place=Place(path=path, cell=source.cell),
            evidence=f"its fingerprint differs between runs from cell {source.cell} on",
            fix="the outputs agree by luck, or because they do not depend on it: seed it to be sure",
        )


def _of_the_records(path: str, run: Run) -> tuple[Finding, ...]:
    """Draws between cells, and records that are not whole."""
    recorded = [(index, record) for index, record in enumerate(run.records) if record is not None]
    between = [
        _drawn_between(Place(path=path, cell=index), name)
        for index, record in recorded
        for name in record.between
    ]
    incomplete = [
        _incomplete(Place(path=path, cell=index), record.recorder_error)
        for index, record in recorded
        if record.recorder_error is not None
    ]
    return (*between, *incomplete, *_reused_keys(path, recorded))


def _reused_keys(path: str, recorded: Sequence[tuple[int, CellRecord]]) -> Iterator[Finding]:
    for reuse in reused_keys(record for _, record in recorded):
        cells = [recorded[at][0] for at, _ in reuse.uses]
        uses = [
            f"jax.random.{function} in cell {cell}"
            for cell, (_, function) in zip(cells, reuse.uses, strict=True)
        ]
        yield Finding(
            code="jax-key-reuse",
            severity=Severity.WARNING,
            message=f"one JAX key is drawn from in {len(cells)} cells: {', '.join(map(str, cells))}",
            place=Place(path=path, cell=cells[1]),
            evidence=f"the same key went into {' and '.join(uses)}, so their numbers are not independent",
            fix='split it before the first use, or take another: `repro_nb.prng_key("a name of its own")`',
        )


def _drawn_between(place: Place, name: str) -> Finding:
    return Finding(
        code="draw-between-cells",
        severity=Severity.WARNING,
        message=f"{name} advanced between cell {place.cell} and the one before it",
        place=place,
        evidence="its fingerprint when the cell began is not the one with which the previous cell ended",
        fix="a thread, a timer or a widget draws; give it a generator of its own",
    )


def _incomplete(place: Place, error: str) -> Finding:
    return Finding(
        code="recorder-failed",
        severity=Severity.WARNING,
        message=f"the record of cell {place.cell} is incomplete",
        place=place,
        evidence=error,
    )
