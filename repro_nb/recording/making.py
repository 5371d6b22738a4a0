"""Makes a recording from what a run saw, changing as little as possible of the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from repro_nb.recording.align import CellKey, align
from repro_nb.recording.compare import CompareOptions, compare_outputs
from repro_nb.recording.payloads import output_digest, shrink, stable_outputs, unshrink
from repro_nb.recording.recording import RecordedCell, RecordedSource, Recording, RunBlock
from repro_nb.records import JAX, CellRecord, Environment, source_digest
from repro_nb.rng.fingerprint import fingerprint
from repro_nb.version import VERSION

__all__ = ["make_recording"]


def make_recording(  # noqa: PLR0913 - a recording has this many parts, and each is named at the call
    *,
    notebook: str,
    kernel: Mapping[str, str],
    records: Sequence[CellRecord | None],
    outputs: Sequence[Sequence[Mapping[str, Any]]],
    sources: Sequence[str],
    floating: Collection[str],
    environment: Environment | None,
    level: int | None,
    seconds: Sequence[float | None],
    previous: Recording | None,
    options: CompareOptions,
    ids: Sequence[str] | None = None,
    seed: int | None = None,
) -> Recording:
    """A recording of one run; an unchanged notebook gives `previous` again, but for its run facts.

    The sequences have one entry per code cell, in document order.

    Args:
        notebook: Path of the notebook; its file name is recorded.
        kernel: Name and language of the kernel.
        records: What the probe saw; None for a cell that did not run, or where no probe was.
        outputs: The cells' outputs, in nbformat 4's form.
        sources: The cells' texts.
        floating: Names of the random sources whose state differs from run to run.
        environment: The world the run took place in.
        level: Rung of the ladder that was reached.
        seconds: Duration of each cell.
        previous: The recording to keep outputs from where the new ones agree with it.
        options: How outputs are compared with those of `previous`.
        ids: The notebook's cell ids; those of the records where it is not given.
        seed: What every source was seeded with before the run.

    Raises:
        ValueError: The sequences differ in length.
    """
    facts = zip(records, outputs, sources, seconds, strict=True)
    fresh = [
        _cell(index, record, out, text, None if ids is None else ids[index], floating)
        for index, (record, out, text, _) in enumerate(facts)
    ]
    return Recording(
        notebook=PurePath(notebook).name,
        kernel=dict(kernel),
        seed=seed,
        level=level,
        environment=environment,
        cells=tuple(_shrunk(cell) for cell in _keep_old(fresh, previous, options)),
        run=_run_block(seconds),
    )


def _cell(
    index: int,
    record: CellRecord | None,
    outputs: Sequence[Mapping[str, Any]],
    text: str,
    cell_id: str | None,
    floating: Collection[str],
) -> RecordedCell:
    digest = source_digest(text)
    whole = tuple(stable_outputs(outputs))
    return RecordedCell(
        index=index,
        id=cell_id or (record.cell_id if record else f"{index}-{digest}"),
        source_digest=digest,
        status=record.status if record else "not-run",
        error=record.error if record else None,
        sources=_sources(record, floating) if record else {},
        draws=record.draws if record else (),
        outputs=whole,
        output_digests=tuple(map(output_digest, whole)),
    )


def _sources(record: CellRecord, floating: Collection[str]) -> dict[str, RecordedSource]:
    return {name: _source(record, name, floating) for name in record.draws}


def _source(record: CellRecord, name: str, floating: Collection[str]) -> RecordedSource:
    if name in floating:
        return RecordedSource(floating=True)
    if name == JAX:
        uses = "\n".join(f"{use.function} {use.fingerprint}" for use in record.keys)
        return RecordedSource(before=fingerprint(uses.encode()))
    return RecordedSource(before=record.before.get(name), after=record.after.get(name))


def _keep_old(
    fresh: Sequence[RecordedCell], previous: Recording | None, options: CompareOptions
) -> list[RecordedCell]:
    if previous is None:
        return list(fresh)
    old = {
        right: previous.cells[left]
        for left, right in align([_key(c) for c in previous.cells], [_key(c) for c in fresh])
        if left is not None
    }
    return [_with_old_outputs(cell, old.get(cell.index), options) for cell in fresh]


def _with_old_outputs(
    cell: RecordedCell, old: RecordedCell | None, options: CompareOptions
) -> RecordedCell:
    if old is None or not _agree(old, cell, options):
        return cell
    error = old.error if cell.error and old.error else cell.error  # its message is an output too
    return replace(cell, error=error, outputs=old.outputs, output_digests=old.output_digests)


def _agree(old: RecordedCell, new: RecordedCell, options: CompareOptions) -> bool:
    if old.output_digests == new.output_digests:
        return True
    return compare_outputs(unshrink(old.outputs, new.outputs), new.outputs, options).agrees


def _shrunk(cell: RecordedCell) -> RecordedCell:
    return replace(cell, outputs=tuple(map(shrink, cell.outputs)))


def _key(cell: RecordedCell) -> CellKey:
    return CellKey(cell.id, cell.source_digest)


def _run_block(seconds: Sequence[float | None]) -> RunBlock:
    known = [s for s in seconds if s is not None]
    return RunBlock(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        repro_nb=VERSION,
        seconds=round(sum(known), 6) if known else None,
        durations=tuple(None if s is None else round(s, 6) for s in seconds),
    )
