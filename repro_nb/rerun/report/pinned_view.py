"""A pinned run, in a terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.rerun.report.wording import finding_text, plural, seconds_text, settings_text

if TYPE_CHECKING:
    from repro_nb.rerun.pinned import PinnedRun

__all__ = ["SCHEMA", "envelope", "pinned_report"]

SCHEMA = "repro_nb/run/1"

NOT_HELD = (
    "races between threads, child processes, and what comes over the network: "
    "outputs that depend on them may differ"
)
"""What no pin reaches, whatever the notebook."""


def pinned_report(run: PinnedRun) -> RenderableType:
    """What was held, what could not be, and where the notebook was written."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("written", Text(readable(str(run.output))))
    facts.add_row("pinned", Text(readable(settings_text(run.pinned)) or "nothing"))
    for reason in run.not_pinned:
        facts.add_row("not pinned", Text(readable(reason)))
    facts.add_row("not held", Text(NOT_HELD))
    for finding in run.findings:
        facts.add_row(finding.severity.value, Text(readable(finding_text(finding))))
    return Group(_head(run), facts)


def _head(run: PinnedRun) -> Text:
    name, took = readable(str(run.notebook)), seconds_text(run.seconds)
    if run.failure is None:
        held = plural(len(run.pinned), "factor")
        return Text.assemble(
            ("✓ ", "bold green"), (name, "bold"), f" ran with {held} pinned ({took})"
        )
    place = "" if run.failure.cell is None else f" in cell {run.failure.cell}"
    first = run.failure.message.strip().partition("\n")[0]
    why = readable(f"{run.failure.type}{place}: {first}")
    return Text.assemble(("✗ ", "bold red"), (name, "bold"), f" ended early ({took}): {why}")


def envelope(run: PinnedRun) -> dict[str, Any]:
    """The run as what ``json`` can write."""
    failure = run.failure
    return {
        "schema": SCHEMA,
        "results": [
            {
                "notebook": str(run.notebook),
                "output": str(run.output),
                "status": _status(run),
                "error": failure
                and {"cell": failure.cell, "type": failure.type, "message": failure.message},
                "pinned": dict(run.pinned),
                "not_pinned": list(run.not_pinned),
                "not_held": NOT_HELD,
                "findings": [asdict(finding) for finding in run.findings],
                "seconds": run.seconds,
                "exit_code": run.exit_code,
            }
        ],
    }


def _status(run: PinnedRun) -> str:
    if run.failure is None:
        return "ok"
    return "failed" if run.exit_code == 1 else "error"
