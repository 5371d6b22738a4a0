"""The sentences of every report: what a result means, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repro_nb.findings import Finding, Severity
from repro_nb.rerun.result import (
    CellResult,
    CellStatus,
    Coverage,
    DivergedSource,
    Level,
    NotebookResult,
    RunFacts,
    Status,
)

__all__ = [
    "NUMBERING",
    "Rung",
    "as_code",
    "bar_text",
    "cell_label",
    "counts",
    "finding_text",
    "has_weighty_remarks",
    "ladder",
    "level_text",
    "notable_cells",
    "passes",
    "plural",
    "prompt",
    "run_lines",
    "seconds_text",
    "settings_text",
    "source_sentence",
    "summary_counts",
    "verdict",
]


NUMBERING = "Cells are numbered from 0 over code cells, as in the JSON; In [1] is the prompt of a fresh run."
"""What every table of cells says once."""

_DEEDS = {
    "drawn": "first drawn unseeded in cell {cell}",
    "made": "made unseeded in cell {cell}",
    "seeded": "seeded in cell {cell} with a value that differs from run to run",
}


@dataclass(frozen=True)
class Rung:
    """One rung of the ladder, as it stands for a notebook.

    Attributes:
        level: The rung.
        reached: The notebook is known to stand on it, or above. The lowest, *fails*, is no rung to climb: it is
            reached only where the notebook stands there.
        current: The notebook stands on it.
        bar: It is the rung that counts as passing.
    """

    level: Level
    reached: bool
    current: bool
    bar: bool

    @property
    def mark(self) -> str:
        """A sign for it, for those who do not see colours."""
        if self.level is Level.FAILS:
            return "✗" if self.current else "·"
        return "✓" if self.reached else "○"


def passes(result: NotebookResult) -> bool:
    """Whether the notebook is at or above its bar."""
    return result.exit_code == 0


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 output``, ``3 outputs``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def level_text(result: NotebookResult) -> str:
    """The level by number and name: ``level 1 (runs)``."""
    if result.level is None:
        return "not judged" if result.status is Status.ERROR else "level not tested (one run)"
    return f"level {result.level.value} ({result.level.label})"


def verdict(result: NotebookResult) -> str:
    """The level with its coverage: ``level 1 (runs): 5 of 7 outputs compared, 4 to the bit``."""
    if result.status is Status.ERROR and not result.coverage.outputs:
        return level_text(result)
    return f"{level_text(result)}: {_coverage_text(result.coverage)}"


def _coverage_text(coverage: Coverage) -> str:
    if not coverage.outputs:
        return "no outputs to compare"
    compared = f"{coverage.compared} of {plural(coverage.outputs, 'output')} compared"
    return f"{compared}, {coverage.identical} to the bit"


def bar_text(result: NotebookResult) -> str:
    """The level that counts as passing, and why it is this one where the user did not say."""
    bar = f"level {result.bar.value} ({result.bar.label})"
    return f"{bar} — {result.bar_reason}" if result.bar_reason else bar


def finding_text(finding: Finding) -> str:
    """A remark as a sentence, with what to do about it."""
    return f"{finding.message}: {finding.fix}" if finding.fix else finding.message


def has_weighty_remarks(result: NotebookResult) -> bool:
    """Whether a remark weighs more than a note, so that it is shown whatever the level."""
    return any(finding.severity is not Severity.NOTE for finding in result.findings)


def counts(coverage: Coverage) -> tuple[tuple[str, int], ...]:
    """How many outputs ended how, best first."""
    return (
        ("identical", coverage.identical),
        ("equivalent", coverage.equivalent),
        ("different", coverage.different),
        ("missing", coverage.missing),
        ("extra", coverage.extra),
        ("not compared", coverage.ignored),
    )


def ladder(result: NotebookResult) -> tuple[Rung, ...]:
    """The six rungs from the bottom up; none is reached where the level was not tested."""
    at = result.level
    return tuple(
        Rung(
            level=level,
            reached=at is not None and (Level.FAILS < level <= at or level is at),
            current=level is at,
            bar=level is result.bar,
        )
        for level in Level
    )


def cell_label(result: NotebookResult, index: int) -> str:
    """A cell's name: its index over code cells, and the prompt it has in a run from top to bottom."""
    shown = prompt(result, index)
    return f"cell {index}, {shown}" if shown else f"cell {index}"


def prompt(result: NotebookResult, index: int) -> str:
    """The prompt of a cell in a run from top to bottom, such as ``In [3]``; empty for one that does not run."""
    ran = [cell.status in (CellStatus.OK, CellStatus.FAILED) for cell in result.cells[: index + 1]]
    return f"In [{sum(ran)}]" if ran and len(ran) == index + 1 and ran[-1] else ""


def source_sentence(source: DivergedSource) -> str:
    """Where a diverged source comes from: "`numpy` was first drawn unseeded in cell 1"."""
    kind = f" ({_bare(source.kind)})" if source.kind else ""
    here = "; the divergent cell draws from it" if source.drawn_here else ""
    deed = _DEEDS[source.how].format(cell=source.cell)
    return f"{as_code(source.name)}{kind} was {deed}{here}"


def as_code(name: str) -> str:
    """A name between back-ticks, which stand for code in every sentence of ours; its own give way."""
    return f"`{_bare(name)}`"


def _bare(name: str) -> str:
    return name.replace("`", "'")


def run_lines(result: NotebookResult) -> tuple[str, ...]:
    """One line a run: what was varied in it, and how far it went where it stopped early."""
    return tuple(
        f"run {run.name}: {_setting_text(run)} ({_extent_text(result, run)}{seconds_text(run.seconds)})"
        for run in result.runs
    )


def _setting_text(run: RunFacts) -> str:
    varied = settings_text(run.varied)
    if run.pinned:
        setting = f"varied {varied}, all else pinned" if varied else "every factor pinned"
    else:
        setting = f"varied {varied}" if varied else "plain"
    return f"diagnosis, {run.altered}; {setting}" if run.altered else setting


def settings_text(values: Mapping[str, str]) -> str:
    """Factors with their values, those of one value together: ``python, numpy = seed 1, hash-seed = 0``."""
    together: dict[str, list[str]] = {}
    for factor, value in values.items():
        together.setdefault(value, []).append(factor)
    return ", ".join(f"{', '.join(names)} = {value}" for value, names in together.items())


def _extent_text(result: NotebookResult, run: RunFacts) -> str:
    if not 0 < run.cells < len(result.cells):
        return ""
    return f"{run.cells} of {plural(len(result.cells), 'cell')}, "


def seconds_text(seconds: float | None) -> str:
    """A duration that a reader takes in: ``12 ms``, ``3.4 s``, ``2 min 5 s``; a dash for none."""
    if seconds is None:
        return "—"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def notable_cells(result: NotebookResult, most: int = 16) -> tuple[CellResult, ...]:
    """The cells for a short table: all of a short notebook, else those with something to tell."""
    if len(result.cells) <= most:
        return result.cells
    notable = [cell for cell in result.cells if _is_notable(cell)]
    return tuple(notable[:most])


def _is_notable(cell: CellResult) -> bool:
    differs = any(side is not None and not side.agrees for side in (cell.run_to_run, cell.saved))
    return differs or bool(cell.draws) or cell.status is CellStatus.FAILED


def summary_counts(results: Sequence[NotebookResult]) -> str:
    """How many notebooks are at or above the bar: ``3 notebooks: 2 at or above the bar, 1 below``."""
    good = sum(passes(result) for result in results)
    unjudged = sum(result.status is Status.ERROR for result in results)
    parts = [f"{good} at or above the bar"]
    if below := len(results) - good - unjudged:
        parts.append(f"{below} below")
    if unjudged:
        parts.append(f"{unjudged} could not be judged")
    return f"{plural(len(results), 'notebook')}: {', '.join(parts)}"
