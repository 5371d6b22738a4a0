"""A recording: what one run of a notebook did, kept beside it like a lock file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from repro_nb.records import CellError, Environment

__all__ = ["SCHEMA", "RecordedCell", "RecordedSource", "Recording", "RunBlock"]

SCHEMA = "repro_nb/recording/1"

_MACHINE_FACTS = ("os", "cpu", "cpu_count", "threads", "accelerators")
"""Fields of an environment that describe the machine of one run: they belong to its run facts."""


@dataclass(frozen=True, kw_only=True)
class RecordedSource:
    """The state of one source of random numbers around a cell that drew from it.

    Attributes:
        before: Fingerprint before the cell; None when the source did not exist, or floats. Of JAX, the fingerprint
            of the keys that the cell consumed.
        after: Fingerprint after the cell; None when the source was gone, or floats.
        floating: The state differs from run to run, so that no fingerprint is kept.
    """

    before: str | None = None
    after: str | None = None
    floating: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordedCell:
    """One code cell of a recording.

    Attributes:
        index: Position over code cells, from 0, in document order.
        id: The notebook's cell id, else ``<index>-<source digest>``.
        source_digest: `repro_nb.records.source_digest` of the cell's text.
        status: ``ok``, ``failed``, or ``not-run``.
        error: What the cell raised.
        sources: The sources that the cell drew from.
        draws: Names of the sources that the cell drew from, in the order in which they were seen.
        outputs: The outputs in nbformat 4's form. A payload too large to keep is replaced by its digest and
            size, see `repro_nb.recording.payloads`.
        output_digests: Digest of each output, whole.
    """

    index: int
    id: str
    source_digest: str
    status: str
    error: CellError | None = None
    sources: Mapping[str, RecordedSource] = field(default_factory=dict)
    draws: tuple[str, ...] = ()
    outputs: tuple[Mapping[str, Any], ...] = ()
    output_digests: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RecordedCell:
        """The cell that `asdict` wrote."""
        error = data["error"]
        return cls(
            **{
                **data,
                "error": CellError(**error) if error else None,
                "sources": {
                    name: RecordedSource(**source) for name, source in data["sources"].items()
                },
                "draws": tuple(data["draws"]),
                "outputs": tuple(data["outputs"]),
                "output_digests": tuple(data["output_digests"]),
            }
        )


@dataclass(frozen=True, kw_only=True)
class RunBlock:
    """The facts of the run that was recorded; all else in a recording is the same after every run.

    Attributes:
        created: When, in ISO 8601, UTC.
        repro_nb: The version that wrote the recording.
        seconds: Wall time of all cells together; None when no cell ran.
        durations: Wall time of each cell in seconds; None for one that did not run.
    """

    created: str
    repro_nb: str
    seconds: float | None = None
    durations: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The cell records of one run, the environment and the seed.

    Attributes:
        notebook: File name of the notebook, without folder.
        kernel: Name and language of the kernel: ``{"language": "python", "name": "python3"}``.
        cells: Every code cell, in document order.
        run: The facts of this one run.
        seed: The seed that every source was set to before the run; None when none was set.
        level: Rung of the ladder that the notebook stood on; None when it was not tested.
        environment: The world the run took place in; None when it was not captured.
    """

    notebook: str
    kernel: Mapping[str, str]
    cells: tuple[RecordedCell, ...]
    run: RunBlock
    seed: int | None = None
    level: int | None = None
    environment: Environment | None = None

    def to_json(self) -> dict[str, Any]:
        """The recording as what ``json`` can write; facts of the machine go into the ``run`` block."""
        environment = self.environment.to_json() if self.environment else None
        machine = {key: environment.pop(key) for key in _MACHINE_FACTS} if environment else None
        return {
            "schema": SCHEMA,
            "notebook": self.notebook,
            "kernel": dict(self.kernel),
            "seed": self.seed,
            "level": self.level,
            "environment": environment,
            "cells": [asdict(cell) for cell in self.cells],
            "run": {**asdict(self.run), "machine": machine},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recording:
        """The recording that `to_json` wrote.

        Raises:
            TypeError: A field is unknown or missing.
            KeyError: A field is missing.
        """
        run = {**data["run"]}
        machine = run.pop("machine")
        environment = data["environment"]
        return cls(
            notebook=data["notebook"],
            kernel=data["kernel"],
            seed=data["seed"],
            level=data["level"],
            environment=Environment.from_json({**environment, **machine}) if environment else None,
            cells=tuple(RecordedCell.from_json(cell) for cell in data["cells"]),
            run=RunBlock(**{**run, "durations": tuple(run["durations"])}),
        )
