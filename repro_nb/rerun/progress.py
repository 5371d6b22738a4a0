"""How a long examination tells a face what it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from repro_nb.rerun.result import NotebookResult

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """What a face implements to follow the runs. Calls come from a worker thread."""

    def notebook_started(self, path: Path, cells: int, index: int, total: int) -> None:
        """Notebook number `index` of `total` (from 0) begins; it has `cells` code cells."""

    def run_started(self, path: Path, run: str, varied: Sequence[str]) -> None:
        """Run `run` (``A``, ``B``, …) of a notebook starts its kernel; the factors in `varied` are varied in it."""

    def cell_started(self, path: Path, run: str, index: int) -> None:
        """Code cell `index` begins in `run`."""

    def cell_finished(self, path: Path, run: str, index: int, seconds: float) -> None:
        """Code cell `index` ended in `run` after `seconds`."""

    def run_finished(self, path: Path, run: str) -> None:
        """The kernel of `run` is gone."""

    def explanation_planned(self, path: Path, runs: int, seconds: float) -> None:
        """Up to `runs` further runs will tell why cells differ, in about `seconds`."""

    def notebook_finished(self, result: NotebookResult) -> None:
        """A notebook was judged, or could not be."""


class Silent:
    """Progress that nobody watches."""

    def notebook_started(self, path: Path, cells: int, index: int, total: int) -> None:
        """Say nothing."""

    def run_started(self, path: Path, run: str, varied: Sequence[str]) -> None:
        """Say nothing."""

    def cell_started(self, path: Path, run: str, index: int) -> None:
        """Say nothing."""

    def cell_finished(self, path: Path, run: str, index: int, seconds: float) -> None:
        """Say nothing."""

    def run_finished(self, path: Path, run: str) -> None:
        """Say nothing."""

    def explanation_planned(self, path: Path, runs: int, seconds: float) -> None:
        """Say nothing."""

    def notebook_finished(self, result: NotebookResult) -> None:
        """Say nothing."""
