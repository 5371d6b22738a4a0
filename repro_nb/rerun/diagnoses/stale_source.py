"""A saved output that belongs to an older text of its cell, or of one that it builds on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from repro_nb.recording.align import CellKey, align
from repro_nb.recording.compare import compare_outputs
from repro_nb.records import source_digest
from repro_nb.rerun.diagnoses.cell_order import reproduced
from repro_nb.rerun.diagnoses.elimination import nothing_else_changed
from repro_nb.rerun.diagnoses.history import OldCell, older_versions
from repro_nb.rerun.diagnoses.impossible import impossible_output
from repro_nb.rerun.diagnoses.names import upstream
from repro_nb.rerun.diagnoses.quoted import quoted_line_that_is_gone
from repro_nb.rerun.diagnoses.saved_record import recorded_cells, tells_of
from repro_nb.rerun.result import Cause, Grade, Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["StaleSource"]

_MOST_TRIES = 3


@dataclass(frozen=True)
class StaleSource:
    """Looks for the older text: in git's history by a run, in the recording, and in the saved output itself."""

    name: str = "stale-source"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """One cause for each text that was changed after its output was saved."""
        if not case.divergent:
            return ()
        proved = await _proved(case)
        rest = case.without(
            {cell for cause in proved for cell in (cause.cell, *cause.inherited_by)}
        )
        return [*proved, *filter(None, (_seen(rest, cell) for cell in rest.divergent))]


async def _proved(case: Case) -> list[Cause]:
    """Run older texts from the history that once gave the outputs which are saved now."""
    if not case.can_afford_runs:
        return []
    tried: list[Mapping[int, str]] = []
    for commit, sources in _older_texts(case):
        if sources in tried:
            continue
        if len(tried) == _MOST_TRIES:
            break
        tried.append(sources)
        last = max(case.divergent)
        run = await case.rerun(range(last + 1), sources)
        cells = reproduced(case, run, case.divergent)
        if cells:
            return list(_causes_by(case, commit, sources, cells))
    return []


def _older_texts(case: Case) -> Iterator[tuple[str, Mapping[int, str]]]:
    """Versions in which a cell that differs now had the output that is saved: the texts that were others then."""
    for commit, version in older_versions(case.notebook.path):
        old = _matched(case, version)
        last = max(case.divergent)
        sources = {
            cell: each.source
            for cell, each in old.items()
            if cell <= last and each.source.rstrip() != case.cells[cell].source.rstrip()
        }
        kept = [
            cell for cell in case.divergent if cell in old and _same_output(case, cell, old[cell])
        ]
        if sources and kept:
            yield commit, sources


def _matched(case: Case, version: Sequence[OldCell]) -> dict[int, OldCell]:
    new = [CellKey(cell.id, source_digest(cell.source)) for cell in case.cells]
    pairs = align([cell.key for cell in version], new)
    return {right: version[left] for left, right in pairs if left is not None and right is not None}


def _same_output(case: Case, cell: int, old: OldCell) -> bool:
    saved = case.cells[cell].outputs
    return bool(saved) and compare_outputs(old.outputs, saved).agrees


def _causes_by(
    case: Case, commit: str, sources: Mapping[int, str], cells: Sequence[int]
) -> Iterator[Cause]:
    """A cause for each changed cell among `cells`; the others inherit from the first."""
    own = [cell for cell in cells if cell in sources] or [cells[0]]
    others = tuple(cell for cell in cells if cell not in own)
    for cell in own:
        blamed = cell if cell in sources else _blamed(case, cell, sources)
        whose = "its older text" if blamed == cell else f"the older text of cell {blamed}"
        evidence = (
            f"With {whose}, as in commit {commit}, cell {cell} gives the saved output;"
            " with the present one it does not."
        )
        if len(sources) > 1:
            evidence = (
                f"With the {len(sources)} cells that have changed as in commit {commit}, cell {cell} gives the saved "
                f"output; with the present ones it does not. {whose[0].upper()}{whose[1:]} is the nearest of them."
            )
        yield Cause(
            cell=cell,
            factor="stale-source",
            grade=Grade.PROVED,
            evidence=evidence,
            fix=_FIX,
            origin=_changed_line(case, blamed, sources[blamed]),
            floating=False,
            inherited_by=others if cell == own[0] else (),
        )


_FIX = "Run the notebook again and save it, or bring the older text back."


def _blamed(case: Case, cell: int, changed: Mapping[int, str]) -> int:
    related = [before for before in upstream(case.cells, cell) if before in changed]
    return related[-1] if related else min(changed)


def _changed_line(case: Case, cell: int, older: str) -> Origin | None:
    """The first line that is not as it was."""
    old, new = older.splitlines(), case.cells[cell].source.splitlines()
    for tag, _, _, start, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal" and start < len(new):
            return Origin(cell=cell, line=start + 1, code=new[start].strip())
    return None


def _seen(case: Case, cell: int) -> Cause | None:
    changed = _changed_since_recording(case, cell)
    if changed is not None:
        whose = (
            "its text" if changed == cell else f"the text of cell {changed}, which it builds on,"
        )
        evidence = f"The saved output is the recorded one, and {whose} is not the recorded text."
        return _cause(cell, Grade.OBSERVED, evidence)
    quoted = quoted_line_that_is_gone(case, cell)
    if quoted is not None:
        evidence = f"The saved output quotes a line that no cell has any more: `{quoted}`."
        return _cause(cell, Grade.OBSERVED, evidence)
    reason = impossible_output(case, cell) or nothing_else_changed(case, cell)
    return None if reason is None else _cause(cell, Grade.SUSPECTED, reason)


def _changed_since_recording(case: Case, cell: int) -> int | None:
    """The changed cell that the recorded output of `cell` came from: itself, else the nearest it builds on."""
    if not tells_of(case, cell):
        return None
    recorded = recorded_cells(case)
    for candidate in (cell, *reversed(upstream(case.cells, cell))):
        old = recorded.get(candidate)
        if old is not None and old.source_digest != source_digest(case.cells[candidate].source):
            return candidate
    return None


def _cause(cell: int, grade: Grade, evidence: str) -> Cause:
    return Cause(
        cell=cell, factor="stale-source", grade=grade, evidence=evidence, fix=_FIX, floating=False
    )
