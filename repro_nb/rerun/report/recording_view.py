"""A recording in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.recording.recording import RecordedCell, RecordedSource, Recording
from repro_nb.rerun.report.wording import seconds_text
from repro_nb.rerun.result import Level

__all__ = ["recording_report"]

_MOST_LINES = 20


def recording_report(recording: Recording, *, outputs: bool = False) -> RenderableType:
    """What a recording holds: its facts, its cells, and the text of its outputs where asked for."""
    parts: list[RenderableType] = [
        Text(readable(recording.notebook), "bold"),
        _facts(recording),
        Text(),
        _cells(recording),
    ]
    if outputs:
        parts += [_outputs(cell) for cell in recording.cells if cell.outputs]
    return Group(*parts)


def _facts(recording: Recording) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _pairs(recording):
        table.add_row(name, Text(readable(value)))
    return table


def _pairs(recording: Recording) -> Iterator[tuple[str, str]]:
    run = recording.run
    yield "recorded", f"{run.created} by repro_nb {run.repro_nb}, {seconds_text(run.seconds)}"
    level = "not tested" if recording.level is None else Level(recording.level).label
    yield "level", level if recording.level is None else f"{recording.level} ({level})"
    yield "kernel", ", ".join(f"{name} {value}" for name, value in sorted(recording.kernel.items()))
    yield "seed", "not set through repro_nb" if recording.seed is None else str(recording.seed)
    environment = recording.environment
    if environment is None:
        return
    yield "python", f"{environment.python} on {environment.os}"
    yield "processor", f"{environment.cpu}, {environment.cpu_count} in use"
    for name, mapping in (
        ("packages", environment.packages),
        ("BLAS", environment.blas),
        ("threads", environment.threads),
        ("variables", environment.variables),
    ):
        if mapping:
            yield name, ", ".join(f"{key} {value}" for key, value in sorted(mapping.items()))
    if environment.accelerators:
        yield "accelerators", ", ".join(environment.accelerators)


def _cells(recording: Recording) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("cell", "id", "status", "outputs", "draws from", "time"):
        table.add_column(
            name, justify="right" if name in ("cell", "time") else "left", overflow="fold"
        )
    durations = (*recording.run.durations, *[None] * len(recording.cells))
    for cell, duration in zip(recording.cells, durations, strict=False):
        table.add_row(
            str(cell.index),
            Text(readable(cell.id[:20]), "dim"),
            Text(cell.status, "red" if cell.status == "failed" else ""),
            Text(readable(", ".join(_kind(output) for output in cell.outputs)) or "—"),
            Text(readable(_draws(cell)) or "—"),
            Text(seconds_text(duration), "dim"),
        )
    return table


def _draws(cell: RecordedCell) -> str:
    return "; ".join(_state(name, cell.sources.get(name)) for name in cell.draws)


def _state(name: str, source: RecordedSource | None) -> str:
    if source is None:
        return name
    if source.floating:
        return f"{name} (differs from run to run)"
    return f"{name} {(source.before or 'new')[:8]} → {(source.after or 'gone')[:8]}"


def _kind(output: Any) -> str:
    if output["output_type"] == "stream":
        return str(output.get("name", "stream"))
    if output["output_type"] == "error":
        return str(output.get("ename", "error"))
    data = {**output.get("data", {}), **output.get("large", {})}
    return str(max(data, key=lambda mime: mime != "text/plain", default="empty"))


def _outputs(cell: RecordedCell) -> RenderableType:
    lines = [Text(f"\ncell {cell.index}", "bold")]
    for output in cell.outputs:
        text = (
            output.get("text") or output.get("evalue") or output.get("data", {}).get("text/plain")
        )
        shown = text if isinstance(text, str) else f"<{_kind(output)}>"
        kept = shown.splitlines()[:_MOST_LINES]
        lines.append(Text(readable("\n".join(f"  {line}" for line in kept))))
    return Group(*lines)
