"""One examination of a notebook in memory, its first run kept to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from repro_nb.rerun.examination import Examination
from repro_nb.rerun.own_loop import in_own_loop
from repro_nb.rerun.saved import SavedOutputs, saved_outputs

if TYPE_CHECKING:
    from repro_nb.rerun.notebook import Notebook
    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.result import NotebookResult
    from repro_nb.rerun.runner import Run
    from repro_nb.rerun.stop import Stop

__all__ = ["Examiner", "Outcome"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an examination gave.

    Attributes:
        result: The verdict.
        run: The first run.
    """

    result: NotebookResult
    run: Run


@dataclass(frozen=True)
class _Watched(Examination):
    """An examination that keeps its runs, and writes nothing."""

    runs: list[Run] = field(default_factory=list)

    def _kept(self, result: NotebookResult, runs: Sequence[Run]) -> NotebookResult:
        self.runs.extend(runs)
        return result


@dataclass(frozen=True)
class Examiner:
    """Examines notebooks that are nowhere on disk as if they lay at one path.

    Attributes:
        path: The notebook, as the user named it.
        options: The settings.
        progress: Told of the runs.
        stop: Ends the runs early.
    """

    path: str
    options: VerifyOptions
    progress: Progress
    stop: Stop

    def examine(
        self, notebook: Notebook, *, with_saved: bool, kernel: str | None = None
    ) -> Outcome:
        """Verify `notebook`, and have it explained where it falls short.

        Args:
            notebook: What to run.
            with_saved: Compare with the saved outputs, too.
            kernel: The kernel that an edit chose; it beats the one that was asked for.

        Raises:
            ReproError: No kernel could be started.
        """
        saved = saved_outputs(notebook) if with_saved else SavedOutputs("none", notebook)
        name = kernel or self.options.kernel_for(notebook.kernel_name)
        options = replace(
            self.options, save=None, update=False, explain=True, runs=max(2, self.options.runs)
        )
        examination = _Watched(self.path, notebook, saved, name, options, self.progress, self.stop)
        self.progress.notebook_started(notebook.path, len(notebook.code_cells), 0, 1)
        result = in_own_loop(examination.verified, self.stop)
        return Outcome(result=result, run=examination.runs[0])
