"""What nbval says of the same notebooks: which cells differ from the saved outputs in one more run."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from building import build
from corpus import Case
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

__all__ = ["PeerScore", "nbval_scores"]

_LIMIT = 20


@dataclass(frozen=True, kw_only=True)
class PeerScore:
    """What a peer noticed.

    Attributes:
        unsound: How many notebooks have a cause.
        noticed: Of how many of these a cell was said to differ or fail.
        right_cell: Of how many of these the first such cell is the first labelled one.
        sound: How many notebooks are sound.
        accused: Sound notebooks of which a cell was said to differ or fail.
        seconds: Wall time of the peer alone.
    """

    unsound: int
    noticed: int
    right_cell: int
    sound: int
    accused: tuple[str, ...]
    seconds: float


def nbval_scores(cases: Sequence[Case]) -> PeerScore:
    """Save each notebook with the outputs of a run, unless it has its own, and have nbval run it again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {case.name: build(replace(case, saved=False), folder) for case in cases}
        for case in cases:
            if not any(cell.outputs for cell in case.cells):
                _save_with_outputs(paths[case.name])
        begun = time.perf_counter()
        firsts = {case.name: _first_failure(paths[case.name]) for case in cases}
        seconds = time.perf_counter() - begun
    unsound = [case for case in cases if not case.sound]
    noticed = [case for case in unsound if firsts[case.name] is not None]
    right = [case for case in noticed if firsts[case.name] == min(x.cell for x in case.labels)]
    sound = [case for case in cases if case.sound]
    return PeerScore(
        unsound=len(unsound),
        noticed=len(noticed),
        right_cell=len(right),
        sound=len(sound),
        accused=tuple(case.name for case in sound if firsts[case.name] is not None),
        seconds=seconds,
    )


def _save_with_outputs(path: Path) -> None:
    node = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(node, resources=where, allow_errors=True, timeout=_LIMIT)
    with suppress(
        CellTimeoutError, DeadKernelError
    ):  # what ran until then is what an author would have saved
        client.execute()
    path.write_text(json.dumps(node), encoding="utf-8")


def _first_failure(path: Path) -> int | None:
    """Index of the first code cell that nbval fails; None when it passes all."""
    report = path.with_name("nbval.xml")
    command = (
        sys.executable, "-m", "pytest", "--nbval", f"--nbval-cell-timeout={_LIMIT}", "-q", "-p", "no:cacheprovider",
        f"--junitxml={report}", path.name,
    )  # fmt: skip
    subprocess.run(command, cwd=path.parent, capture_output=True, check=False)
    tests = list(ET.parse(report).iter("testcase"))
    failed = [n for n, test in enumerate(tests) if any(c.tag != "system-out" for c in test)]
    return failed[0] if failed else None
