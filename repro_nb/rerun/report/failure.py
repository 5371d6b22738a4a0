"""Why a notebook failed or could not be judged, in words."""

from __future__ import annotations

from repro_nb.rerun.report.wording import plural
from repro_nb.rerun.result import NotebookResult

__all__ = [
    "failure_details",
    "is_unreadable",
    "short_error",
    "traceback_lines",
    "traceback_text",
    "unreadable_line",
]

_UNREADABLE = "NotebookError"


def short_error(result: NotebookResult) -> str:
    """The failure as one line; empty when there is none."""
    error = result.error
    if error is None:
        return ""
    first = _message(result).partition("\n")[0]
    where = "" if error.cell is None else f" in cell {error.cell}"
    return f"{error.type}{where}: {first}" if first else f"{error.type}{where}"


def failure_details(result: NotebookResult) -> str:
    """What the failure's message says beyond its first line."""
    return _message(result).partition("\n")[2].strip()


def is_unreadable(result: NotebookResult) -> bool:
    """Whether there is no notebook to report on."""
    return result.error is not None and result.error.type == _UNREADABLE


def unreadable_line(result: NotebookResult) -> str:
    """All there is to say about a file that cannot be read."""
    first, _, rest = _message(result).partition("\n")
    hint = f". {' '.join(rest.split())}" if rest else ""
    return f"error: {result.notebook}: {first}{hint}"


def _message(result: NotebookResult) -> str:
    return "" if result.error is None else result.error.message.strip()


def traceback_text(result: NotebookResult) -> str:
    """The traceback; empty when there is none."""
    return "" if result.error is None else result.error.traceback.strip()


def traceback_lines(result: NotebookResult, most: int) -> list[str]:
    """The last `most` lines of the traceback, the innermost frame among them, with a word on what was cut."""
    lines = traceback_text(result).splitlines()
    cut = len(lines) - most
    return lines if cut <= 0 else [f"… {plural(cut, 'more line')} …", *lines[cut:]]
