"""The report as Markdown, for pull requests and job summaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repro_nb.pages.markdown import escape, fenced, prose, table
from repro_nb.recording.outcome import CellComparison, OutputComparison
from repro_nb.rerun.report.advice import next_step
from repro_nb.rerun.report.causes import cause_labels, held_back_text
from repro_nb.rerun.report.difference import Line, Row, RowKind, difference_rows
from repro_nb.rerun.report.failure import failure_details, short_error, traceback_lines
from repro_nb.rerun.report.focus import Focus, focus_of
from repro_nb.rerun.report.markdown_causes import causes_section
from repro_nb.rerun.report.reasons import equivalence_text
from repro_nb.rerun.report.wording import (
    NUMBERING,
    bar_text,
    cell_label,
    counts,
    finding_text,
    has_weighty_remarks,
    ladder,
    level_text,
    notable_cells,
    passes,
    run_lines,
    seconds_text,
    source_sentence,
    summary_counts,
    verdict,
)
from repro_nb.rerun.result import NotebookResult, Status

__all__ = ["difference_block", "markdown"]

_MOST_CODE_LINES = 30
_MOST_OUTPUTS = 3
_MOST_TRACEBACK_LINES = 40
_LONGEST_TRACEBACK = 4000


def markdown(results: Sequence[NotebookResult]) -> str:
    """The report as GitHub-flavoured Markdown; all text from notebooks is escaped or fenced."""
    parts = ["# Reproducibility report"]
    if len(results) != 1:
        parts += [f"**{summary_counts(results)}**", _summary(results)]
    for result in results:
        if len(results) == 1 or not passes(result):
            parts += _notebook(result)
        elif has_weighty_remarks(result):
            parts += [f"## {escape(result.notebook)}", *_remarks(result)]
    return "\n\n".join(parts) + "\n"


def _mark(result: NotebookResult) -> str:
    if passes(result):
        return "✅"
    return "❔" if result.status is Status.ERROR else "❌"


def _summary(results: Sequence[NotebookResult]) -> str:
    rows = [
        (
            _mark(result),
            escape(result.notebook),
            escape(level_text(result)),
            escape(short_error(result) or held_back_text(result)),
            seconds_text(result.seconds),
        )
        for result in results
    ]
    return table(("", "notebook", "level", "held back by", "time"), rows)


def _notebook(result: NotebookResult) -> Iterator[str]:
    yield f"## {escape(result.notebook)}"
    yield f"{_mark(result)} **{escape(verdict(result))}**"
    if result.status is not Status.ERROR:
        yield " · ".join(
            f"{rung.mark} {rung.level.value} {rung.level.label}" for rung in ladder(result)
        )
        yield "\n".join(_facts(result))
    yield from causes_section(result)
    yield from _error(result)
    yield from _divergence(result)
    yield from _sources(result)
    yield from _cells(result)
    yield from _remarks(result)
    yield from _circumstances(result)
    if step := next_step(result):
        yield f"**Next:** {prose(step)}"


def _facts(result: NotebookResult) -> Iterator[str]:
    if result.held_back_by and not result.causes:
        yield f"- Held back by: {escape(result.held_back_by)}"
    yield f"- The bar is {escape(bar_text(result))}"
    tally = ", ".join(f"{count} {name}" for name, count in counts(result.coverage) if count)
    if tally:
        yield f"- Outputs: {tally}"
    if why := equivalence_text(result):
        yield f"- Equivalent because: {escape(why)}"


def _error(result: NotebookResult) -> Iterator[str]:
    if result.error is None:
        return
    yield f"**{escape(short_error(result))}**"
    if rest := failure_details(result):
        yield escape(rest)
    if lines := traceback_lines(result, _MOST_TRACEBACK_LINES):
        yield fenced("\n".join(lines)[-_LONGEST_TRACEBACK:], "text")


def _divergence(result: NotebookResult) -> Iterator[str]:
    focus = focus_of(result)
    if focus is None:
        return
    yield f"### First divergent cell: {escape(cell_label(result, focus.cell.index))}"
    lines = focus.cell.source.strip("\n").splitlines()
    yield fenced("\n".join(lines[:_MOST_CODE_LINES]), "python")
    for output in focus.outputs[:_MOST_OUTPUTS]:
        yield from _output(output, focus)


def _output(output: OutputComparison, focus: Focus) -> Iterator[str]:
    reason = f": {escape(output.reason)}" if output.reason else ""
    yield f"{escape(output.kind)} — {output.outcome}{reason}"
    if block := difference_block(output, focus.left, focus.right):
        yield block


def difference_block(output: OutputComparison, left: str, right: str) -> str:
    """The two sides of an output as a fenced difference; empty where their texts are equal."""
    rows = difference_rows(output.expected, output.actual)
    lines = [line for row in rows for line in _inline(row)]
    return fenced("\n".join([f"--- {left}", f"+++ {right}", *lines]), "diff") if lines else ""


def _inline(row: Row) -> Iterator[str]:
    if row.kind is not RowKind.CHANGED:
        yield f"  {_plain(row.left or ())}"
        return
    if row.left is not None:
        yield f"- {_plain(row.left)}"
    if row.right is not None:
        yield f"+ {_plain(row.right)}"


def _plain(line: Line) -> str:
    return "".join(span.text for span in line)


def _sources(result: NotebookResult) -> Iterator[str]:
    if result.run_to_run.first is None or result.causes:
        return
    if not result.diverged_sources:
        yield "No source of random numbers had diverged on entry to that cell."
        return
    lines = [f"- {prose(source_sentence(source))}" for source in result.diverged_sources]
    yield "\n".join(["Already diverged on entry to that cell:", "", *lines])


def _cells(result: NotebookResult) -> Iterator[str]:
    rows = [
        (
            str(cell.index),
            cell.status.value,
            _outcome(cell.run_to_run),
            _outcome(cell.saved),
            escape(", ".join(cause_labels(result, cell.index))) or "—",
            escape(", ".join(cell.draws)) or "—",
            seconds_text(cell.seconds),
        )
        for cell in notable_cells(result)
    ]
    if rows:
        yield table(("cell", "status", "run to run", "saved", "cause", "draws from", "time"), rows)
        yield escape(NUMBERING)


def _outcome(comparison: CellComparison | None) -> str:
    outcome = comparison.outcome if comparison else None
    return outcome.value if outcome else "—"


def _remarks(result: NotebookResult) -> Iterator[str]:
    if result.findings:
        yield "\n".join(
            f"- {finding.severity.value}: {escape(finding_text(finding))}"
            for finding in result.findings
        )


def _circumstances(result: NotebookResult) -> Iterator[str]:
    lines = [escape(line) for line in run_lines(result)]
    if result.not_varied:
        lines.append(escape(f"could not be varied here: {'; '.join(result.not_varied)}"))
    if result.isolation:
        lines.append(escape(f"isolation: {result.isolation}"))
    if result.recording:
        lines.append(escape(f"recording written: {result.recording}"))
    if lines:
        yield "\n".join(f"- {line}" for line in lines)
