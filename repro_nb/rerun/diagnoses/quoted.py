"""Source lines that saved outputs quote: tracebacks and warnings show the text that really ran."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from repro_nb.recording.compare.terminal import strip_colours

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["quoted_line_that_is_gone"]

_HEAD = re.compile(r"\s*(?:(?:Cell|Input) In ?\[(\d+)\]|(?:File )?\"?<ipython-input-(\d+)-\w+>)")
_OTHER_HEAD = re.compile(r"(?:File )?(?:~|/|[A-Za-z]:\\)\S*.* in |File \S|<\w")
_QUOTED = re.compile(r"(?:-+> ?|\s+)\d+ (?P<text>.*)")
_WARNING = re.compile(
    r"(?:ipykernel_\d+[/\\]\d+\.py|<ipython-input-\d+-\w+>):\d+: \w*Warning: [^\n]*\n  (?P<text>\S[^\n]*)"
)
_SHORTEST = 4


def quoted_line_that_is_gone(case: Case, cell: int) -> str | None:
    """A line of code that the saved output of `cell` quotes, and that no cell has now; None for none."""
    known = {_squeezed(line) for each in case.cells for line in each.source.splitlines()}
    for output in case.cells[cell].outputs:
        for line in _quoted(output, _count(case, cell)):
            text = _squeezed(line)
            if len(text) >= _SHORTEST and "get_ipython()" not in text and text not in known:
                return line.strip()
    return None


def _count(case: Case, cell: int) -> int | None:
    count = case.notebook.node.cells[case.cells[cell].position].get("execution_count")
    return count if isinstance(count, int) else None


def _quoted(output: Mapping[str, Any], count: int | None) -> Iterator[str]:
    kind = output.get("output_type")
    if kind == "error":
        yield from _lines_of_frame(strip_colours(_joined(output.get("traceback", ""), "\n")), count)
    elif kind == "stream" and output.get("name") == "stderr":
        for match in _WARNING.finditer(_joined(output.get("text", ""), "")):
            yield match["text"]


def _lines_of_frame(traceback: str, count: int | None) -> Iterator[str]:
    """What the frames of the cell itself quote; only its execution count tells them from other cells'."""
    own = False
    for line in traceback.splitlines():
        head = _HEAD.match(line)
        if head:
            own = count is not None and int(head[1] or head[2]) == count
        elif _OTHER_HEAD.match(line):
            own = False
        elif own and (match := _QUOTED.match(line)):
            yield match["text"]


def _joined(text: str | Sequence[str], by: str) -> str:
    return text if isinstance(text, str) else by.join(text)


def _squeezed(line: str) -> str:
    return " ".join(line.split())
