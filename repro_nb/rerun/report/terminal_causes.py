"""The causes in a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from repro_nb.pages.readable import readable
from repro_nb.rerun.report.causes import CauseText, cause_texts, why_title
from repro_nb.rerun.report.wording import plural
from repro_nb.rerun.result import NotebookResult

__all__ = ["causes_section"]

_MOST_CAUSES = 6
_GRADE_STYLES = {"proved": "green", "observed": "green", "suspected": "yellow"}


def causes_section(result: NotebookResult) -> RenderableType | None:
    """Why cells differ or fail, one block a cause; None where no cause is given."""
    known = cause_texts(result)
    if not known:
        return None
    blocks = Table.grid(padding=(0, 1))
    for each in known[:_MOST_CAUSES]:
        blocks.add_row("  •", _block(each))
    if len(known) > _MOST_CAUSES:
        more = plural(len(known) - _MOST_CAUSES, "more cause")
        blocks.add_row("  …", Text(f"{more}; --json and --html give all", "dim"))
    return Group(Text(why_title(result), "bold"), blocks)


def _block(each: CauseText) -> RenderableType:
    lines = [_headline(each)]
    if each.cause.origin is not None:
        lines.append(_code(each.place, each.cause.origin.code))
    lines += [Text(readable(said)) for said in (each.evidence, each.inherited) if said]
    if each.fix:
        lines.append(Text.assemble(("Fix  ", "bold"), readable(each.fix)))
    return Group(*lines)


def _headline(each: CauseText) -> Text:
    style = _GRADE_STYLES.get(each.grade, "dim")
    return Text.assemble((readable(each.headline), "bold"), " — ", (readable(each.label), style))


def _code(place: str, code: str) -> Text:
    shown = readable(" ".join(code.split("\n"))).strip()
    line = Text.assemble((f"{place} │ ", "dim"), (shown, "cyan"))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
