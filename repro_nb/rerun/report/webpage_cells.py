"""The table of all cells, in HTML."""

from __future__ import annotations

from repro_nb.pages.elements import Child, Markup, el
from repro_nb.pages.tables import plain_table
from repro_nb.recording.outcome import CellComparison
from repro_nb.rerun.report.causes import cause_labels
from repro_nb.rerun.report.reasons import cell_reasons
from repro_nb.rerun.report.wording import NUMBERING, prompt, seconds_text
from repro_nb.rerun.result import CellResult, NotebookResult

__all__ = ["cells_section"]

_MOST_REASONS = 3
_MORE = ("Cause", "Comparison", "Draws from", "Time")


def cells_section(result: NotebookResult) -> Markup | None:
    """Every cell: how it compares, what makes it differ, what it drew from; None where there is none."""
    if not result.cells:
        return None
    head = ("Cell", "Prompt", "Status", "Run to run", "Saved", *_MORE)
    table = plain_table("Cells", head, [_cell_row(result, cell) for cell in result.cells])
    return el(
        "details",
        None,
        el("summary", None, f"All cells ({len(result.cells)})"),
        el("p", {"class": "muted small"}, NUMBERING),
        table,
    )


def _cell_row(result: NotebookResult, cell: CellResult) -> Markup:
    first = result.first_divergent_cell
    mark = {"class": "first"} if first is not None and first.index == cell.index else None
    return el(
        "tr",
        mark,
        el("th", {"scope": "row"}, str(cell.index)),
        el("td", None, prompt(result, cell.index) or "—"),
        el("td", {"class": cell.status.value}, cell.status.value),
        _outcome(cell.run_to_run),
        _outcome(cell.saved),
        el("td", None, _causes(result, cell)),
        el("td", {"class": "why"}, _reasons(cell)),
        el("td", None, ", ".join(cell.draws) or "—"),
        el("td", {"class": "number"}, seconds_text(cell.seconds)),
    )


def _causes(result: NotebookResult, cell: CellResult) -> Child:
    labels = cause_labels(result, cell.index)
    return [el("span", {"class": "tag"}, label) for label in labels] or "—"


def _reasons(cell: CellResult) -> Child:
    reasons = cell_reasons(cell)
    shown = list(reasons[:_MOST_REASONS])
    if len(reasons) > len(shown):
        shown.append(f"… {len(reasons) - len(shown)} more")
    return [el("p", None, reason) for reason in shown] or "—"


def _outcome(comparison: CellComparison | None) -> Markup:
    outcome = comparison.outcome if comparison else None
    return el("td", {"class": outcome.value}, outcome.value) if outcome else el("td", None, "—")
