"""What `fix` found, for a terminal, as plain text and HTML, and as JSON. All text of notebooks is untrusted."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.rerun.fix.result import AcceptedEdit, CellDiff, FixResult, WithdrawnEdit
from repro_nb.rerun.report.contract import result_to_json
from repro_nb.rerun.result import Cause, Level

__all__ = ["SCHEMA", "envelope", "fragment", "print_fix", "text"]

SCHEMA = "repro_nb/fix/1"

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def print_fix(results: Sequence[FixResult], console: Console) -> None:
    """Print one block a notebook."""
    for number, result in enumerate(results):
        if number:
            console.print()
        console.print(_block(result))


def text(result: FixResult, width: int) -> str:
    """The block of one notebook as plain text."""
    sink = io.StringIO()
    print_fix(
        [result],
        Console(file=sink, width=width, highlight=False, color_system=None, force_jupyter=False),
    )
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())


def fragment(result: FixResult, width: int) -> str:
    """The block of one notebook as a piece of HTML."""
    style = "white-space:pre-wrap;font-size:12px;line-height:1.4;margin:4px 0"
    return f'<pre style="{style}">{escape(text(result, width))}</pre>'


def _block(result: FixResult) -> RenderableType:
    parts: list[RenderableType] = [Text(readable(result.notebook), "bold"), _verdict(result)]
    parts += [Padding(_cell(cell), (0, 0, 0, 2)) for cell in result.cells]
    if result.kernel:
        parts.append(Text(f"  kernel: {readable(result.kernel)}", "green"))
    parts += _section("Proved by reruns", [_edit(edit) for edit in result.edits])
    parts += _section("Tried and withdrawn", [_withdrawn(each) for each in result.withdrawn])
    parts += _section("Needs a human", [_left(cause) for cause in result.left])
    parts += [Text(line) for line in _ending(result)]
    return Group(*parts)


def _verdict(result: FixResult) -> Text:
    before = _level(result.before.level)
    if result.interrupted:
        known = "" if result.before.level is None else f"{before}: "
        return Text(f"{known}interrupted before the search for edits was through", "yellow")
    if result.before.level is None and result.before.error is not None:
        return Text(
            f"It could not be judged: {readable(_first_line(result.before.error.message))}", "red"
        )
    if result.after is not None:
        style = "green" if result.exit_code == 0 else "yellow"
        return Text(f"{before} → {_level(result.after.level)} with these edits", style)
    if result.exit_code == 0 and not result.left:
        return Text(f"{before}: nothing to fix", "green")
    return Text(f"{before}: no edit of ours helps", "yellow")


def _level(level: Level | None) -> str:
    return "not judged" if level is None else f"level {level.value} ({level.label})"


def _cell(cell: CellDiff) -> RenderableType:
    where = "at the end" if cell.above is None else f"above cell {cell.above}"
    name = f"new cell, {where}" if cell.cell is None else f"cell {cell.cell}"
    lines = [Text(f"{name}, moved {where}" if cell.moved else name, "bold")]
    lines += [Text(f"  {readable(line)}", _STYLES.get(line[:1], "")) for line in cell.diff]
    return Group(*lines)


def _section(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text(title, "bold")
        yield from (
            Padding(Text(f"• {readable(line)}"), (0, 0, 0, 2)) for line in dict.fromkeys(lines)
        )


def _edit(edit: AcceptedEdit) -> str:
    return f"{_about(edit.cause)}: {edit.why}"


def _withdrawn(edit: WithdrawnEdit) -> str:
    return f"{_about(edit.cause)}: {edit.why} — {edit.reason}"


def _left(cause: Cause) -> str:
    return f"{_about(cause)}: {cause.fix or cause.evidence}"


def _about(cause: Cause) -> str:
    if cause.origin is None:
        return f"{cause.factor} in cell {cause.cell}"
    return f"{cause.factor} in cell {cause.origin.cell}, line {cause.origin.line}"


def _ending(result: FixResult) -> Iterator[str]:
    if result.written:
        yield f"Written; the notebook as it was is in {readable(str(result.backup))}."
    elif result.unwritten is not None:
        why = " ".join(result.unwritten.message.split()).removesuffix(".")
        yield f"Not written: {readable(why)}."
    elif result.after is not None:
        command = f"repro-nb fix {shlex.quote(result.notebook)} --write"
        yield f"Nothing was written: `{readable(command)}` does, and keeps the notebook as it is in a backup."
    if (
        result.after is not None
        and result.after.level != Level.MATCHES
        and result.before.saved.available
    ):
        yield "The saved outputs of what depends on these edits are stale then: run the notebook and save it."


def envelope(results: Sequence[FixResult]) -> dict[str, Any]:
    """The results as what ``json`` can write."""
    return {"schema": SCHEMA, "results": [_to_json(result) for result in results]}


def _to_json(result: FixResult) -> dict[str, Any]:
    return {
        "notebook": result.notebook,
        "before": result_to_json(result.before),
        "after": None if result.after is None else result_to_json(result.after),
        "edits": [
            {"cause": _cause(edit.cause), "cells": list(edit.cells), "why": edit.why}
            for edit in result.edits
        ],
        "withdrawn": [
            {"cause": _cause(each.cause), "why": each.why, "reason": each.reason}
            for each in result.withdrawn
        ],
        "left": [_cause(cause) for cause in result.left],
        "cells": [
            {
                "cell": each.cell,
                "place": each.place,
                "moved": each.moved,
                "above": each.above,
                "diff": list(each.diff),
            }
            for each in result.cells
        ],
        "kernel": result.kernel or None,
        "written": result.written,
        "backup": result.backup,
        "unwritten": None if result.unwritten is None else result.unwritten.message,
        "interrupted": result.interrupted,
        "exit_code": result.exit_code,
        "seconds": result.seconds,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    origin = cause.origin
    return {
        "cell": cause.cell,
        "factor": cause.factor,
        "grade": cause.grade.value,
        "evidence": cause.evidence,
        "fix": cause.fix,
        "origin": None
        if origin is None
        else {"cell": origin.cell, "line": origin.line, "code": origin.code},
    }


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
