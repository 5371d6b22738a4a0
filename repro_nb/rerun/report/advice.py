"""The one next step that a report ends with."""

from __future__ import annotations

import re
import shlex

from repro_nb.rerun.report.causes import leading_cause
from repro_nb.rerun.report.wording import as_code
from repro_nb.rerun.result import UNEXPLAINED, Cause, Level, NotebookResult, Status

__all__ = ["next_step"]

_BY_ERROR = {
    "NotebookError": "Check the path, and that the file is a notebook that Jupyter opens and saves.",
    "KernelUnavailableError": "Install the kernel that the notebook names, or name another with `--kernel`: "
    "`jupyter kernelspec list` shows what there is, and `jupyter console --kernel NAME` whether it starts.",
    "CellTimeoutError": "Give it more time with `--timeout` or `--notebook-timeout`, or let the cell do less.",
    "KernelDiedError": "Look in that cell for what ends a process: memory that runs out, `os._exit`, a crash in "
    "compiled code. Run it with less data to tell which.",
    "RecordingError": "Mend or remove the recording beside the notebook, then write it anew with `--update`.",
    "UsageError": "Change the setting or the path that the error names.",
    "Interrupted": "",
}
"""What to do about an error that left nothing to judge, by its type."""

_PER_CELL = re.compile(r"^\s*%repro_seed\b.*--per-cell", re.MULTILINE)
_SKIPPED = "explanation-skipped"


def next_step(result: NotebookResult) -> str:
    """What to do next, as one or two sentences; empty where there is nothing to do."""
    cause = leading_cause(result)
    if cause is not None and (cause.fix or _has_edit(cause)):
        return _cause_advice(result, cause)
    if result.status is Status.ERROR:
        kind = result.error.type if result.error else ""
        return _BY_ERROR.get(kind, "See to what the error says, then run it again.")
    if result.status is Status.FAILED:
        return _failure_advice(result)
    if result.level is None:
        return "Run without `--runs 1` to learn whether the notebook repeats."
    return _by_level(result, result.level)


def _cause_advice(result: NotebookResult, cause: Cause) -> str:
    fix = " ".join(cause.fix.split())
    if not _has_edit(cause):
        return fix
    command = f"{_command('fix', result)} looks for an edit and proves it by reruns."
    return f"{fix} {command}".strip()


def _has_edit(cause: Cause) -> bool:
    from repro_nb.rerun.fix.edits import treatable_factors  # noqa: PLC0415 - the edits' own report is one of these

    return cause.factor in treatable_factors()


def _command(verb: str, result: NotebookResult) -> str:
    return as_code(f"repro-nb {verb} {shlex.quote(result.notebook)}")


def _failure_advice(result: NotebookResult) -> str:
    error = result.error
    where = "the failing cell" if error is None or error.cell is None else f"cell {error.cell}"
    if result.fails_as_saved:
        return (
            f"{where[0].upper()}{where[1:]} raises the error it was saved with: tag it `raises-exception` if it is "
            "meant to, and the run goes on after it; else mend it."
        )
    if not result.causes:
        return f"Run {_command('explain', result)} to learn why {where} fails."
    return f"Make {where} run in a fresh kernel: restart, run all cells from the top, and fix what fails."


def _by_level(result: NotebookResult, level: Level) -> str:
    if level <= Level.REPEATS:
        return _difference_advice(result)
    if level is Level.ROBUST:
        return _save_advice(result)
    return "Keep it so: run `repro-nb verify` in continuous integration."


def _difference_advice(result: NotebookResult) -> str:
    cell = result.first_divergent_cell
    if cell is None:
        return _nothing_compared(result)
    if any(cause.factor == UNEXPLAINED for cause in result.causes):
        return (
            f"Nothing that can be varied here explains cell {cell.index}. Look in it, and in what it uses, for "
            "threads that race, for what comes over the network or from other programs, and for devices. If its "
            "output is meant to vary, mark the cell `# NBVAL_IGNORE_OUTPUT: why`."
        )
    if result.causes:
        return f"See to what makes cell {cell.index} differ; then run it again."
    if any(finding.code == _SKIPPED for finding in result.findings):
        return "Allow the further runs that the remark tells of: they prove the cause."
    return f"Run {_command('explain', result)} to learn what makes cell {cell.index} differ."


def _nothing_compared(result: NotebookResult) -> str:
    if not result.cells:
        why = "the notebook has no code cells"
    elif result.coverage.ignored:
        why = "every output is marked not to be compared"
    else:
        why = "none prints or displays anything"
    return (
        f"No cell shows anything that could be compared: {why}. Let the cells print or display the results that "
        "are to be held."
    )


def _save_advice(result: NotebookResult) -> str:
    if result.saved.origin == "recording":
        return (
            "If the fresh outputs are the right ones, record them: `repro-nb verify --update`; if the recorded ones "
            "are, find what changed since: code, data or package versions."
        )
    if result.saved.available:
        return (
            "If the fresh outputs are the right ones, run the notebook from top to bottom and save it; if the saved "
            f"ones are, find what changed since: code, data or package versions.{_by_cell_ids(result)}"
        )
    return "Save the notebook with its outputs, or keep a recording: `repro-nb verify --update`."


def _by_cell_ids(result: NotebookResult) -> str:
    """What to add where the numbers depend on the cells' ids, which not every front end sends."""
    if not any(_PER_CELL.search(cell.source) for cell in result.cells):
        return ""
    return (
        " The notebook gives each cell streams of its own by its id: outputs saved by nbconvert or papermill, which "
        "send none, are others. Save them from JupyterLab, or by `repro-nb verify --save DIR`."
    )
