"""Which line of which cell raised: IPython's traceback, read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun.result import Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["failing_file", "failure_origin", "line_of"]

# The ways in which IPython 7 to 9 head a frame of a cell; the last two do not tell which cell.
_NUMBERED = re.compile(
    r"\s*(?:(?:Cell|Input) In ?\[(?P<new>\d+)\]|(?:File )?\"?<ipython-input-(?P<old>\d+)-\w+>\"?)"
    r"(?:, line (?P<line>\d+)|:(?P<colon>\d+))?"
)
_OWN = re.compile(
    r"\s*(?:File )?\"?(?:<(?:timed (?:exec|eval)|tokenize|magic-timeit)>|\S*ipykernel_\d+[/\\]\d+\.py)\"?"
    r"(?:, line (?P<line>\d+)|:(?P<colon>\d+))?"
)
_FILE = re.compile(
    r"\s*(?:File )?\"?(?P<path>(?:~|/|[A-Za-z]:\\)[^\n:\"]*\.py)\"?(?:, line (\d+)|:(?P<line>\d+)| in )"
)
_OTHER = re.compile(r"File \S|<frozen |<\w+>")
_ARROW = re.compile(r"-+> ?(?P<line>\d+)(?P<text>.*)")
_WHOLE_MAGIC = "get_ipython().run_cell_magic"
_CHAINED = re.compile(
    r"^(?:During handling of the above exception|The above exception was the direct cause)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class _Frame:
    """A frame of the traceback that lies in a cell.

    Attributes:
        count: Execution count of its cell; None where that is not told.
        line: Number of the line, as the kernel counts it; 0 where that is not told.
        text: The line, where it is shown.
    """

    count: int | None
    line: int
    text: str = ""


def failure_origin(case: Case) -> Origin | None:
    """The innermost line of a cell that took part in the failure; None where the traceback tells none."""
    failure = case.run.failure
    if failure is None or failure.cell is None:
        return None
    frames = _cell_frames(_last_part(failure.traceback))
    if not frames:
        return None
    frame = frames[-1]
    cell = _cell_of(case, frame)
    return line_of(case, failure.cell if cell is None else cell, frame.line, frame.text)


def line_of(case: Case, cell: int, line: int, text: str = "") -> Origin | None:
    """The place of a line that the kernel numbered.

    The kernel does not count blank lines at a cell's head, nor the line of a cell magic that runs Python.

    Args:
        case: The case.
        cell: Index of the cell.
        line: The number; 0 where it is not known.
        text: The line as it was shown.
    """
    lines = case.cells[cell].source.splitlines()
    number = line + _uncounted(lines, magic=not text.strip().startswith(_WHOLE_MAGIC))
    if not line or number > len(lines):
        return None
    # IPython 9 shows the wrong text for a frame of a comprehension: the number is what counts.
    return Origin(cell=cell, line=number, code=lines[number - 1].strip())


def failing_file(case: Case) -> tuple[Path, int] | None:
    """The file of the user's own in which the failure happened, with the line; None where it was in a cell."""
    failure = case.run.failure
    if failure is None:
        return None
    found = None
    for line in _last_part(failure.traceback):
        if _headed(line) is not None:
            found = None
        elif match := _FILE.match(line):
            path = Path(match["path"]).expanduser()
            number = int(match["line"] or match[2] or 0)
            found = None if _is_installed(path) else (path, number)
    return found


def _is_installed(path: Path) -> bool:
    parts = set(path.parts)
    library = any(re.fullmatch(r"python\d\.\d+", part) for part in parts)
    return bool(parts & {"site-packages", "dist-packages"}) or library


def _last_part(traceback: str) -> Sequence[str]:
    """Of a chain of exceptions, the lines of the one that ended the cell."""
    return _CHAINED.split(traceback)[-1].splitlines()


def _cell_frames(lines: Sequence[str]) -> list[_Frame]:
    frames: list[_Frame] = []
    in_cell = False
    for line in lines:
        headed = _headed(line)
        if headed is not None:
            frames.append(headed)
            in_cell = True
        elif _FILE.match(line) or _OTHER.match(line):
            in_cell = False
        elif in_cell and (arrow := _ARROW.match(line)):
            frames[-1] = _Frame(frames[-1].count, int(arrow["line"]), arrow["text"])
    return frames


def _headed(line: str) -> _Frame | None:
    match = _NUMBERED.match(line)
    count = int(match["new"] or match["old"]) if match else None
    match = match or _OWN.match(line)
    if match is None:
        return None
    return _Frame(count, int(match["line"] or match["colon"] or 0))


def _cell_of(case: Case, frame: _Frame) -> int | None:
    """The cell that the run gave this execution count; where none is told, the one that holds the line."""
    if frame.count is not None:
        return next((cell for cell, given in _counts(case) if given == frame.count), None)
    failing = case.run.failure.cell if case.run.failure is not None else None
    holding = [cell.index for cell in case.cells if _holds(case, cell.index, frame)]
    return failing if failing in holding or not holding else holding[-1]


def _holds(case: Case, cell: int, frame: _Frame) -> bool:
    origin = line_of(case, cell, frame.line, frame.text)
    return origin is not None and bool(frame.text.strip()) and origin.code == frame.text.strip()


def _counts(case: Case) -> Iterator[tuple[int, int]]:
    for cell in case.cells:
        given = case.run.node.cells[cell.position].get("execution_count")
        if isinstance(given, int):
            yield cell.index, given


def _uncounted(lines: Sequence[str], *, magic: bool) -> int:
    """Lines at the head of a cell that the kernel does not count; that of a cell magic only with `magic`."""
    blank = 0
    while blank < len(lines) and not lines[blank].strip():
        blank += 1
    headed = blank < len(lines) and lines[blank].startswith("%%")
    return blank + (headed and magic)
