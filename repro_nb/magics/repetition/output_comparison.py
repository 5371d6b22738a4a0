"""What two runs of one cell showed, compared exactly."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Dict, List, NamedTuple, Optional

from repro_nb.magics.repetition.normalised import normalised
from repro_nb.magics.repetition.outputs import RESULT, STREAMS, Output
from repro_nb.magics.repetition.pairing import paired

__all__ = ["OutputComparison", "compare_outputs"]

_WIDTH = 72
_LEAD = 24


class OutputComparison(NamedTuple):
    """How two runs' outputs compare: by the output, one line on each.

    Attributes:
        differences: What differs.
        remarks: What differs, and means nothing.
    """

    differences: Dict[str, str]
    remarks: Dict[str, str]


def compare_outputs(first: List[Output], other: List[Output]) -> OutputComparison:
    """Compare what two runs showed: each output with the one that corresponds to it."""
    found = OutputComparison({}, {})
    displays: Dict[int, int] = {}
    for left, right in paired(first, other):
        if left is None:
            _note_alone(other, right, "later", found)
        elif right is None:
            _note_alone(first, left, "first", found)
        else:
            one, second = first[left], other[right]
            place = "the value" if one.kind == RESULT else f"output {left + 1}"
            if displays.setdefault(one.display, second.display) != second.display:
                found.differences[place] = f"{place}: updates another display"
            _compare_pair(place, one, second, found)
    return found


def _note_alone(
    outputs: List[Output], index: Optional[int], side: str, found: OutputComparison
) -> None:
    if index is not None:
        line = f"output {index + 1} ({outputs[index].kind}): shown by the {side} run alone"
        found.differences[line] = line


def _compare_pair(place: str, one: Output, second: Output, found: OutputComparison) -> None:
    for mime in dict.fromkeys((*one.data, *second.data)):
        where = f"{place} ({one.kind if one.kind in (*STREAMS, 'error') else mime})"
        if mime not in one.data or mime not in second.data:
            side = "first" if mime in one.data else "later"
            found.differences[where] = f"{where}: shown by the {side} run alone"
        else:
            kind = one.kind if one.kind in STREAMS else mime
            _compare_data(where, kind, one.data[mime], second.data[mime], found)
    if one.data == second.data and one.metadata != second.metadata:
        found.differences[place] = f"{place}: {one.metadata} against {second.metadata}"


def _compare_data(where: str, mime: str, one: Any, second: Any, found: OutputComparison) -> None:
    if one == second:
        return
    if mime.startswith("image/") and mime != "image/svg+xml":
        found.differences[where] = f"{where}: the bytes differ"
        return
    texts, hidden = normalised(mime, one, second)
    if hidden:
        found.remarks[where] = (
            f"{where} differs in {' and '.join(hidden)} alone, which does not count."
        )
    else:
        found.differences[where] = where + _first_difference(*texts)


def _first_difference(one: str, second: str) -> str:
    """The first line in which two texts differ, of both."""
    lines = one.splitlines(keepends=True), second.splitlines(keepends=True)
    for number, (left, right) in enumerate(zip_longest(*lines, fillvalue=""), start=1):
        if left != right:
            start = _shared(left, right) - _LEAD
            return f", line {number}: {_part(left, start)} against {_part(right, start)}"
    return ""


def _shared(one: str, second: str) -> int:
    """How many leading characters two texts share."""
    pairs = zip(one, second)  # noqa: B905  strict= is younger than 3.9
    unequal = (place for place, (left, right) in enumerate(pairs) if left != right)
    return next(unequal, min(len(one), len(second)))


def _part(line: str, start: int) -> str:
    """What a reader needs of a line, as Python writes it."""
    if not line:
        return "nothing"
    line = line.rstrip("\n") or line
    if start > 0:
        line = "…" + line[start:]
    return repr(line if len(line) <= _WIDTH else line[:_WIDTH] + "…")
