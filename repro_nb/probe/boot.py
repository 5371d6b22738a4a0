"""The probe's start inside a kernel that `verify` launched: an IPython extension that writes what the hook sees.

One line of JSON goes to ``cells.jsonl`` for each cell as it ends, so that a kernel that dies takes no record of an
earlier cell with it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro_nb.probe.environment import capture_environment
from repro_nb.probe.recorder import Recorder
from repro_nb.probe.session import session
from repro_nb.probe.witness import Orders, Witness

if TYPE_CHECKING:
    from repro_nb.records import CellRecord

__all__ = ["load_ipython_extension", "write_environment"]

FOLDER_VARIABLE = "REPRO_NB_PROBE"
UNSET_VARIABLE = "REPRO_NB_UNSET"
ORDERS_VARIABLE = "REPRO_NB_ORDERS"
CELLS = "cells.jsonl"
ENVIRONMENT = "environment.json"


def load_ipython_extension(ip: Any) -> None:
    """Start recording every cell of this kernel into the folder that the environment names."""
    folder = Path(os.environ.pop(FOLDER_VARIABLE))
    orders = Orders.from_text(os.environ.pop(ORDERS_VARIABLE))
    for name in os.environ.pop(UNSET_VARIABLE, "").split():
        os.environ.pop(name, None)
    _hide_bundle()
    baseline = frozenset(sys.modules)
    session.rerun = True
    session.baseline = baseline
    session.probe_folder = folder
    witness = Witness(ip, orders)
    # First, so that a library that is imported later is seeded before the recorder sees its stream.
    witness.install()
    session.recorder = Recorder(ip.user_ns, on_record=_Writer(folder / CELLS), witness=witness)
    session.recorder.attach(ip.events)


def write_environment() -> None:
    """Write what the kernel ran in, and the seed; called once, after the last cell."""
    folder = session.probe_folder
    if folder is None:
        return
    facts = {
        "environment": capture_environment(session.baseline).to_json(),
        "seed": None if session.seeding is None else session.seeding.seed,
    }
    (folder / ENVIRONMENT).write_text(json.dumps(facts), encoding="utf-8")


def _hide_bundle() -> None:
    """Take the bundle out of the environment again: the notebook's own child processes need none of it."""
    bundle = next((entry for entry in sys.path if entry.endswith("repro_nb.zip")), None)
    if bundle is None:
        return
    rest = [
        entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry != bundle
    ]
    if any(rest):
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


class _Writer:
    """Appends each record to a file, as one line of JSON."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, record: CellRecord) -> None:
        line = json.dumps(record.to_json()) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
