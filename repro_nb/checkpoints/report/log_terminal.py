"""The history of a checkpoint, and what a registry holds, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from repro_nb.checkpoints.damage import differing_tensors
from repro_nb.checkpoints.metadata import from_kept
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.registry_lines import DamagedLine
from repro_nb.checkpoints.report.provenance_wording import (
    code_version,
    made_from,
    made_in,
    random_state,
)
from repro_nb.checkpoints.wording import listed, plural, size_text
from repro_nb.pages.readable import readable

__all__ = ["list_report", "log_report"]

_DIGITS = 16


def log_report(
    history: Sequence[Registration], doubts: Sequence[DamagedLine] = ()
) -> RenderableType:
    """The story of one checkpoint, the newest registration first."""
    parts: list[RenderableType] = []
    for number in reversed(range(len(history))):
        before = history[number - 1] if number else None
        parts += [_head(history[number]), _facts(history[number], before), Text("")]
    parts += [Text(readable(f"damaged: {doubt}"), "red") for doubt in doubts]
    return Group(*parts)


def list_report(registrations: Sequence[Registration]) -> RenderableType:
    """The checkpoints that are registered."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("checkpoint", "size", "digest", "registered", "made in", "note"):
        table.add_column(name, overflow="fold")
    for each in registrations:
        digest = f"{each.algorithm}:{each.digest[:_DIGITS]}…"
        cells = (
            each.checkpoint,
            size_text(each.size),
            digest,
            each.time[:19] + "Z",
            made_in(each.provenance),
            each.note,
        )
        table.add_row(*(Text(readable(cell)) for cell in cells))
    return table


def _head(registration: Registration) -> Text:
    style = "bold" if registration.event is Event.REGISTERED else "bold yellow"
    return Text(readable(f"{registration.time}  {registration.event.value}"), style)


def _facts(registration: Registration, before: Registration | None) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _said(registration, before):
        if value:
            table.add_row(f"  {name}", Text(readable(value)))
    return table


def _said(now: Registration, before: Registration | None) -> Iterator[tuple[str, str]]:
    provenance = now.provenance
    if now.event is Event.REGISTERED:
        yield "digest", f"{now.algorithm}:{now.digest}"
        yield "size", size_text(now.size)
        yield "changed", _changed(now, before)
        yield "contents", now.content.problem if now.content else ""
        yield "architecture", now.architecture
    yield "imported from", now.source
    yield "made in", made_in(provenance)
    yield "made from", made_from(now.parent)
    yield "random state", random_state(provenance)
    yield "code", code_version(provenance)
    yield (
        "environment",
        " ".join(part for part in (provenance.python, provenance.environment) if part),
    )
    yield "note", now.note
    yield from ((name, str(value)) for name, value in from_kept(now.metadata).items())


def _changed(now: Registration, before: Registration | None) -> str:
    """What is other than it was at the registration before."""
    if before is None or before.event is not Event.REGISTERED:
        return ""
    if before.digest == now.digest and before.algorithm == now.algorithm:
        return "nothing: the same bytes"
    if before.algorithm != now.algorithm:
        # Digests by two algorithms cannot be compared.
        return "" if before.size == now.size else "other bytes"
    if not (before.content and now.content and before.content.digest and now.content.digest):
        return "other bytes"
    if before.content.digest == now.content.digest:
        return "other bytes, the same tensors"
    names = [each.name for each in differing_tensors(before.content.tensors, now.content.tensors)]
    return f"{plural(len(names), 'tensor or value', 'tensors or values')}: {listed(names)}"
