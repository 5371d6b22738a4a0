"""The one next step that a report ends with."""

from __future__ import annotations

import re

from repro_nb.rerun.report.wording import as_code
from repro_nb.rerun.result import DivergedSource, Level, NotebookResult, Status

__all__ = ["next_step"]

_SEEDS = {
    "python": "random.seed(42)",
    "numpy": "np.random.seed(42)",
    "torch": "torch.manual_seed(42)",
    "numpy.random.Generator": "np.random.default_rng(42)",
    "numpy.random.RandomState": "np.random.RandomState(42)",
    "torch.Generator": "torch.Generator().manual_seed(42)",
    "random.Random": "random.Random(42)",
}
"""How a source is seeded, by its name, or by its type where the user holds it."""


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
_NO_KEYBOARD = frozenset({"StdinNotImplementedError"})


def next_step(result: NotebookResult) -> str:
    """What to do next, as one or two sentences; empty where there is nothing to do."""
    if result.status is Status.ERROR:
        kind = result.error.type if result.error else ""
        return _BY_ERROR.get(kind, "See to what the error says, then run it again.")
    if result.status is Status.FAILED:
        return _failure_advice(result)
    if result.level is None:
        return "Run without `--runs 1` to learn whether the notebook repeats."
    return _by_level(result, result.level)


def _failure_advice(result: NotebookResult) -> str:
    error = result.error
    where = "the failing cell" if error is None or error.cell is None else f"cell {error.cell}"
    if error is not None and error.type in _NO_KEYBOARD:
        return (
            f"Reruns have no keyboard: let {where} read its answer from a variable, a file or the environment "
            "instead of asking for it."
        )
    return f"Make {where} run in a fresh kernel: restart, run all cells from the top, and fix what fails."


def _by_level(result: NotebookResult, level: Level) -> str:
    if level <= Level.RUNS:
        return _seed_advice(result)
    if level is Level.REPEATS:
        return (
            "The outputs depend on what was varied (see the runs): sort sets and directory listings before "
            "they are shown, give time zones and locales in the code, and round what depends on the thread count."
        )
    if level is Level.ROBUST:
        return _save_advice(result)
    return "Keep it so: run `repro-nb verify` in continuous integration."


def _seed_advice(result: NotebookResult) -> str:
    cell = result.first_divergent_cell
    if cell is None:
        return _nothing_compared(result)
    if result.diverged_sources:
        return f"{_source_advice(result.diverged_sources[0])}{_doubt(result)}"
    return (
        f"No random source that is seen had diverged. Look in cell {cell.index}, and in what it uses, for a generator "
        "made inside a function, `uuid`, `os.urandom` or `secrets`, set order, the clock, file names, addresses or "
        "threads. If its output is meant to vary, mark the cell `# NBVAL_IGNORE_OUTPUT: why`."
    )


def _source_advice(source: DivergedSource) -> str:
    name, place = as_code(source.name), f"cell {source.cell}"
    if source.how == "seeded":
        return f"Seed {name} in {place} with a constant{_example(source)}."
    if source.kind:
        return f"Give {name} a seed where it is made, in {place} or before{_example(source)}.{_rebuilt(source)}"
    return f"Seed {name} before {place} draws from it{_example(source)}."


def _rebuilt(source: DivergedSource) -> str:
    return f" Run A drew from `{source.rebuilt_by}`." if source.rebuilt_by else ""


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


def _doubt(result: NotebookResult) -> str:
    """What to add where no cell up to the divergent one draws from a source that had diverged."""
    cell = result.first_divergent_cell
    upto = result.cells if cell is None else result.cells[: cell.index + 1]
    drawn = {name for earlier in upto for name in earlier.draws}
    if any(source.name in drawn for source in result.diverged_sources):
        return ""
    return " What still differs then has another cause: set order, the clock, files, threads."


def _example(source: DivergedSource) -> str:
    call = _SEEDS.get(source.kind.partition("(")[0] if source.kind else source.name)
    return f": `{call}`" if call else ""


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
