"""Reads the records that the probe writes, while the run goes on."""

from __future__ import annotations

import json
from pathlib import Path

from repro_nb.records import CellRecord

__all__ = ["RecordReader"]


class RecordReader:
    """Reads the probe's lines as they are added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def latest(self, cell_id: str) -> CellRecord | None:
        """The last record of `cell_id` among the lines added since the previous call."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            file.seek(self._offset)
            # A kernel that was killed may leave half a line behind.
            lines = [line for line in file if line.endswith(b"\n")]
            self._offset += sum(map(len, lines))
        records = [CellRecord.from_json(json.loads(line)) for line in lines]
        return next((record for record in reversed(records) if record.cell_id == cell_id), None)
