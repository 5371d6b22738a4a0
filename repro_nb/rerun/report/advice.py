"""The one next step that a report ends with."""

from __future__ import annotations

from repro_nb.rerun.report.wording import as_code, cell_label
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


def next_step(result: NotebookResult) -> str:
    """What to do next, as one or two sentences."""
    if result.status is Status.ERROR:
        return "Remove what stopped the examination, then run it again."
    if result.status is Status.FAILED:
        cell = result.error.cell if result.error else None
        where = "the failing cell" if cell is None else cell_label(result, cell)
        return f"Make {where} run in a fresh kernel: restart, run all cells from the top, and fix what fails."
    if result.level is None:
        return "Run without `--runs 1` to learn whether the notebook repeats."
    return _by_level(result, result.level)


def _by_level(result: NotebookResult, level: Level) -> str:
    if level <= Level.RUNS:
        return _seed_advice(result)
    if level is Level.REPEATS:
        return (
            "The outputs depend on what was varied (see the runs below): sort sets and directory listings before "
            "they are shown, give time zones and locales in the code, and round what depends on the thread count."
        )
    if level is Level.ROBUST:
        return _save_advice(result)
    return "Keep it so: run `repro-nb verify` in continuous integration."


def _seed_advice(result: NotebookResult) -> str:
    if result.diverged_sources:
        source = result.diverged_sources[0]
        name, place = as_code(source.name), cell_label(result, source.cell)
        if source.kind:
            return f"Give {name} a seed where it is made, in {place} or before{_example(source)}.{_doubt(result)}"
        return f"Seed {name} before {place} draws from it{_example(source)}.{_doubt(result)}"
    cell = result.first_divergent_cell
    where = "the divergent cell" if cell is None else cell_label(result, cell.index)
    return (
        f"No random source had diverged, so look in {where} for set order, the clock, file names, addresses or "
        "threads. If its output is meant to vary, mark the cell `# NBVAL_IGNORE_OUTPUT: why`."
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
    if result.saved.available:
        return (
            "If the fresh outputs are the right ones, run the notebook from top to bottom and save it; if the saved "
            "ones are, find what changed since: code, data or package versions."
        )
    return "Save the notebook with its outputs, or keep a recording: `repro-nb verify --update`."
