"""The sections of one notebook's report in HTML; a section with nothing to say is None."""

from __future__ import annotations

from repro_nb.pages.elements import Child, Markup, el, prose
from repro_nb.pages.tables import facts
from repro_nb.rerun.report.advice import next_step
from repro_nb.rerun.report.failure import failure_details, short_error, traceback_lines
from repro_nb.rerun.report.focus import focus_of
from repro_nb.rerun.report.reasons import equivalence_text
from repro_nb.rerun.report.webpage_causes import causes_section
from repro_nb.rerun.report.webpage_cells import cells_section
from repro_nb.rerun.report.webpage_difference import output_section
from repro_nb.rerun.report.wording import (
    Rung,
    bar_text,
    cell_label,
    counts,
    finding_text,
    ladder,
    level_text,
    passes,
    run_lines,
    source_sentence,
    verdict,
)
from repro_nb.rerun.result import Coverage, NotebookResult, Status

__all__ = ["level_pill", "notebook_card"]

_MOST_OUTPUTS = 6
_MOST_TRACEBACK_LINES = 60


def notebook_card(result: NotebookResult, *, anchor: str = "", opened: bool = True) -> Markup:
    """All there is to say about one notebook.

    Args:
        result: The result.
        anchor: The id that links lead to; none when empty.
        opened: Whether its details show at once.
    """
    details = (
        _error(result),
        _divergence(result),
        _sources(result),
        _remarks(result),
        _next(result),
        cells_section(result),
        _circumstances(result),
    )
    return el(
        "article",
        {"class": "card"} | ({"id": anchor} if anchor else {}),
        _heading(result),
        _ladder(result),
        _standing(result),
        causes_section(result),
        el(
            "details",
            {"class": "all"} | ({"open": ""} if opened else {}),
            el("summary", None, "Details"),
            details,
        ),
    )


def level_pill(result: NotebookResult) -> Markup:
    """The level in the colour of its verdict."""
    return el("span", {"class": f"pill {_tone(result)}"}, level_text(result))


def _tone(result: NotebookResult) -> str:
    if passes(result):
        return "good"
    return "unknown" if result.status is Status.ERROR else "bad"


def _heading(result: NotebookResult) -> Markup:
    word = {"good": "at or above the bar", "bad": "below the bar", "unknown": "not judged"}[
        _tone(result)
    ]
    return el(
        "div",
        {"class": "heading"},
        el("h2", None, result.notebook),
        el("span", {"class": f"pill {_tone(result)}"}, word),
    )


def _ladder(result: NotebookResult) -> Markup | None:
    if result.status is Status.ERROR:
        return None
    return el(
        "ol",
        {"class": "ladder", "aria-label": "Reproducibility ladder"},
        map(_rung, ladder(result)),
    )


def _rung(rung: Rung) -> Markup:
    kinds = ["rung"]
    kinds += ["bad"] if rung.mark == "✗" else ["reached"] if rung.reached else []
    kinds += ["bar"] if rung.bar else []
    notes = [word for word, holds in (("reached", rung.reached), ("the bar", rung.bar)) if holds]
    hidden = el("span", {"class": "unseen"}, f" ({', '.join(notes)})") if notes else None
    current = {"aria-current": "step"} if rung.current else {}
    return el(
        "li",
        {"class": " ".join(kinds), "title": rung.level.meaning, **current},
        el("span", {"class": "mark", "aria-hidden": "true"}, rung.mark),
        el("span", {"class": "name"}, f"{rung.level.value} {rung.level.label}", hidden),
    )


def _standing(result: NotebookResult) -> Markup:
    pairs: list[tuple[str, Child]] = []
    if result.held_back_by and not result.causes:
        pairs.append(("Held back by", result.held_back_by))
    if result.status is not Status.ERROR:
        pairs.append(("The bar", bar_text(result)))
    return el(
        "div",
        {"class": "standing"},
        el("p", {"class": f"verdict {_tone(result)}"}, verdict(result)),
        _coverage(result.coverage),
        _equivalence(result),
        facts(pairs) if pairs else None,
    )


def _coverage(coverage: Coverage) -> Markup | None:
    shown = [(name, count) for name, count in counts(coverage) if count]
    if not shown:
        return None
    tally = [
        el("li", {"class": name.replace(" ", "-")}, f"{count} {name}") for name, count in shown
    ]
    return el("div", None, _strip(shown, coverage.outputs), el("ul", {"class": "tally"}, tally))


def _equivalence(result: NotebookResult) -> Markup | None:
    why = equivalence_text(result)
    return el("p", {"class": "muted small"}, f"equivalent because: {why}") if why else None


def _strip(shown: list[tuple[str, int]], outputs: int) -> Markup:
    """The shares as a strip; drawn as SVG, since the page's policy allows no style attributes."""
    parts, start = [], 0.0
    for name, count in shown:
        width = 100 * count / outputs
        place = {"x": f"{start:.3f}", "y": "0", "width": f"{width:.3f}", "height": "6"}
        parts.append(el("rect", {"class": name.replace(" ", "-"), **place}))
        start += width
    box = {"viewBox": "0 0 100 6", "preserveAspectRatio": "none", "aria-hidden": "true"}
    return el("svg", {"class": "strip", **box}, parts)


def _error(result: NotebookResult) -> Markup | None:
    if result.error is None:
        return None
    rest = failure_details(result)
    lines = traceback_lines(result, _MOST_TRACEBACK_LINES)
    cell = result.error.cell
    source = result.cells[cell].source if cell is not None and cell < len(result.cells) else ""
    return el(
        "section",
        {"class": "error"},
        el("h3", None, short_error(result)),
        el("p", None, rest) if rest else None,
        _code(source) if source else None,
        el("pre", {"tabindex": "0"}, "\n".join(lines)) if lines else None,
    )


def _code(source: str) -> Markup:
    return el("pre", {"class": "code", "tabindex": "0"}, el("code", None, source.strip("\n")))


def _divergence(result: NotebookResult) -> Markup | None:
    focus = focus_of(result)
    if focus is None:
        return None
    what = "from run to run" if focus.compared == "run_to_run" else f"from the {focus.left} outputs"
    more = len(focus.outputs) - _MOST_OUTPUTS
    return el(
        "section",
        None,
        el("h3", None, "First divergent cell: ", cell_label(result, focus.cell.index)),
        el("p", {"class": "muted"}, f"Its outputs differ {what}."),
        _code(focus.cell.source),
        [
            output_section(output, focus.left, focus.right)
            for output in focus.outputs[:_MOST_OUTPUTS]
        ],
        el("p", {"class": "muted"}, f"{more} more outputs differ.") if more > 0 else None,
    )


def _sources(result: NotebookResult) -> Markup | None:
    if result.run_to_run.first is None or result.causes:
        return None
    if not result.diverged_sources:
        return el("p", None, "No source of random numbers had diverged on entry to that cell.")
    lines = [el("li", None, prose(source_sentence(source))) for source in result.diverged_sources]
    return el(
        "section",
        None,
        el("h3", None, "Already diverged on entry to that cell"),
        el("ul", None, lines),
    )


def _remarks(result: NotebookResult) -> Markup | None:
    if not result.findings:
        return None
    pairs = [(finding.severity.value, finding_text(finding)) for finding in result.findings]
    return el("section", None, el("h3", None, "Remarks"), facts(pairs))


def _next(result: NotebookResult) -> Markup | None:
    step = next_step(result)
    return el("p", {"class": "next"}, el("strong", None, "Next "), prose(step)) if step else None


def _circumstances(result: NotebookResult) -> Markup | None:
    pairs: list[tuple[str, Child]] = [
        tuple(line.split(": ", 1))  # type: ignore[misc]
        for line in run_lines(result)
    ]
    pairs += [("not varied", reason) for reason in result.not_varied]
    if result.isolation:
        pairs.append(("isolation", result.isolation))
    if result.recording:
        pairs.append(("recording", result.recording))
    if result.environment is not None:
        packages = ", ".join(
            f"{name} {version}" for name, version in result.environment.packages.items()
        )
        pairs.append(("environment", f"{result.environment.python} on {result.environment.os}"))
        pairs += [("packages", packages)] if packages else []
    if not pairs:
        return None
    return el("details", None, el("summary", None, "Runs and environment"), facts(pairs))
