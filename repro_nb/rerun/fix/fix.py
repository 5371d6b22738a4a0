"""Make a notebook reproduce: the smallest edits to its cells, each proved by reruns."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from repro_nb.errors import NotebookError, ReproError
from repro_nb.rerun import judge
from repro_nb.rerun.fix.damage import Damage
from repro_nb.rerun.fix.draft import Draft
from repro_nb.rerun.fix.result import AcceptedEdit, CellDiff, FixResult, WithdrawnEdit
from repro_nb.rerun.fix.rewrite import rewritten
from repro_nb.rerun.fix.script import script_of
from repro_nb.rerun.fix.search import Attempt, Search
from repro_nb.rerun.fix.trial import Examiner, Outcome
from repro_nb.rerun.fix.writing import replace_notebook
from repro_nb.rerun.notebook import Notebook, read_notebook
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.progress import Progress, Silent
from repro_nb.rerun.report.cause_phrases import OF_SAVED_OUTPUTS
from repro_nb.rerun.result import Cause, Level, NotebookResult, Status, failure_of
from repro_nb.rerun.saved import saved_outputs
from repro_nb.rerun.stop import Stop
from repro_nb.rerun.verify import Interrupted

__all__ = ["fix"]


def fix(
    path: str | Path,
    options: VerifyOptions | None = None,
    progress: Progress | None = None,
    *,
    write: bool = False,
) -> FixResult:
    """Find edits with which the notebook at `path` reproduces, and prove them by reruns.

    An edit that does not help, that makes a cell fail, or that changes what a sound cell gives is withdrawn.

    Args:
        path: The notebook.
        options: The settings; those of the nearest ``pyproject.toml`` when None.
        progress: Told what goes on, from another thread.
        write: Write the notebook, where there are edits that help. Nothing but the named cells changes, byte for
            byte, and the old file is kept as ``NAME.ipynb.bak``.

    Returns:
        The result. A notebook that cannot be read, or not be judged, is a result too: see its ``before``; and so is
        one that cannot be written, or was changed meanwhile: see ``unwritten``. It is as it was then.

    Raises:
        UsageError: The project's settings cannot be used.
        Interrupted: Ctrl-C, with what is known of the notebook as it is; nothing was written.
    """
    started = time.perf_counter()
    chosen = VerifyOptions.for_project(Path(path)) if options is None else options
    watcher = Silent() if progress is None else progress
    stop = Stop()
    examiner = Examiner(str(path), chosen, watcher, stop)
    try:
        # Read first: what is saved between the two readings is then found to be another file.
        content = Path(path).read_bytes()
        notebook = read_notebook(Path(path))
        before = examiner.examine(notebook, with_saved=True)
    except ReproError as error:
        result = _unreadable(str(path), error)
    else:
        result, draft = _fixed(str(path), notebook, before, examiner)
        if write and draft is not None:
            result = _written(result, content, draft)
    watcher.notebook_finished(result.after or result.before)
    return replace(result, seconds=time.perf_counter() - started)


def _unreadable(path: str, error: ReproError) -> FixResult:
    before = NotebookResult(notebook=path, level=None, status=Status.ERROR, error=failure_of(error))
    return FixResult(notebook=path, before=before)


def _written(result: FixResult, content: bytes, draft: Draft) -> FixResult:
    """The result, once the notebook is written; what was found is not lost where it cannot be."""
    try:
        text = rewritten(content.decode("utf-8"), draft).encode("utf-8", "surrogatepass")
        backup = replace_notebook(draft.original.path, content, text)
    except NotebookError as error:
        return replace(result, unwritten=failure_of(error))
    return replace(result, written=True, backup=str(backup))


def _fixed(
    path: str, notebook: Notebook, before: Outcome, examiner: Examiner
) -> tuple[FixResult, Draft | None]:
    """The result, and the edited notebook; None where there is nothing to write."""
    _stop_if_asked(examiner, before)

    def examine(edited: Draft) -> Outcome:
        kernel = None if edited.kernel is None else edited.kernel.name
        outcome = examiner.examine(edited.notebook, with_saved=False, kernel=kernel)
        _stop_if_asked(examiner, before)
        return outcome

    script = script_of(notebook)
    search = Search(notebook, script, before, Damage(script, before, examiner.options), examine)
    best = search.best()
    further = (
        best.rank[1:5] > search.unedited.rank[1:5]
    )  # up the ladder, fewer cells that differ, or causes that are gone
    helps = best.is_harmless and not best.draft.is_unchanged and further
    accepted = best.chosen if helps else ()
    result = FixResult(
        notebook=path,
        before=before.result,
        after=_with_saved(best, examiner.options) if helps else None,
        edits=tuple(
            AcceptedEdit(cause=cause, cells=proposal.cells, why=proposal.why)
            for cause, proposal in accepted
        ),
        withdrawn=tuple(_withdrawn(search, best if helps else None)),
        left=tuple(_left(search, best if helps else search.unedited, accepted)),
        cells=tuple(_diffs(best.draft)) if helps else (),
        kernel=best.draft.kernel.name if helps and best.draft.kernel is not None else "",
    )
    return result, best.draft if helps else None


def _stop_if_asked(examiner: Examiner, before: Outcome) -> None:
    if examiner.stop.reason is not None:
        raise Interrupted(before.result)


def _with_saved(best: Attempt, options: VerifyOptions) -> NotebookResult:
    """The verdict on the edited notebook, which may give its saved outputs again."""
    result = best.outcome.result
    saved = saved_outputs(best.draft.notebook)
    if not saved.available or result.level != Level.ROBUST:
        return result
    pairs = judge.compare_with_saved(best.draft.notebook, saved, best.outcome.run, options)
    if judge.divergent(pairs):
        return result
    return replace(result, level=Level.MATCHES, saved=judge.summarise_saved(pairs, saved))


def _withdrawn(search: Search, best: Attempt | None) -> Iterator[WithdrawnEdit]:
    # One edit may be proposed for two causes, or be part of a larger one.
    accepted = set() if best is None else {each for _, p in best.chosen for each in p.changes}
    for treatment in search.treatments.values():
        for number, proposal in enumerate(treatment.proposals):
            if accepted.issuperset(proposal.changes):
                continue
            reason = treatment.failed[number] if number < len(treatment.failed) else ""
            if number == len(treatment.failed) and _was_tried(search, treatment.cause, proposal):
                reason = "it does not help"
            if reason:
                yield WithdrawnEdit(cause=treatment.cause, why=proposal.why, reason=reason)


def _was_tried(search: Search, cause: Cause, proposal: object) -> bool:
    return any((cause, proposal) in attempt.chosen for attempt in search.attempts)


def _left(
    search: Search, attempt: Attempt, accepted: Sequence[tuple[Cause, object]]
) -> Iterator[Cause]:
    """Causes that are still there, and those of saved outputs, which no edit treats."""
    treated = {cause for cause, _ in accepted}
    remaining = search.remaining(attempt) | {
        cause for cause in search.before.result.causes if cause.factor in OF_SAVED_OUTPUTS
    }
    for treatment in search.treatments.values():
        if treatment.cause in remaining and treatment.cause not in treated:
            yield treatment.cause


def _diffs(draft: Draft) -> Iterator[CellDiff]:
    origins = draft.origins
    moved = _moved([cell for cell in origins if cell is not None])
    for cell, cell_index in zip(draft.notebook.code_cells, origins, strict=True):
        old = "" if cell_index is None else draft.original.code_cells[cell_index].source
        if old != cell.source or cell_index in moved:
            yield CellDiff(
                cell=cell_index,
                place=cell.index,
                moved=cell_index in moved,
                diff=tuple(_diff(old, cell.source)),
                above=next((each for each in origins[cell.index + 1 :] if each is not None), None),
            )


def _moved(order: Sequence[int]) -> set[int]:
    """Cells that do not stand in ascending order: the fewest that explain it."""
    matcher = difflib.SequenceMatcher(None, sorted(order), order, autojunk=False)
    staying = {
        order[n]
        for block in matcher.get_matching_blocks()
        for n in range(block.b, block.b + block.size)
    }
    return set(order) - staying


def _diff(old: str, new: str) -> Iterator[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm="")
    return (line for number, line in enumerate(lines) if number >= 2)  # noqa: PLR2004  the head names two files
