"""What two runs of one cell showed, compared exactly."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any, Dict, List, NamedTuple, Optional

from repro_nb.magics.repetition.outputs import RESULT, STREAMS, Output

__all__ = ["OutputComparison", "compare_outputs"]

_WIDTH = 72
_LEAD = 24
# What is made anew each time that something is shown: by itself it says nothing about what was computed.
_MADE_ANEW = (
    ("what was written over", re.compile(r"[^\n\r]*\r(?!\n)")),
    (
        "times of progress bars",
        re.compile(
            r"(?<=\[)[\d:]{4,12}(?:<[\d:?]{1,12})?, {0,8}[\d.?]{1,12} ?[A-Za-z]{0,12}/[A-Za-z]{1,12}"
        ),
    ),
    ("memory addresses", re.compile(r"(?<=\bat )0x[0-9A-Fa-f]{6,16}\b")),
    ("identifiers of widgets", re.compile(r"(?<='model_id': ')[0-9a-f]{32}(?=')")),
    (
        "identifiers of HTML elements",
        re.compile(r"\bsk-(?:container|estimator)-id-\d+|\bT_[0-9a-f]{5}(?![0-9a-z])"),
    ),
)


class OutputComparison(NamedTuple):
    """How two runs' outputs compare: by the output, one line on each.

    Attributes:
        differences: What differs.
        remarks: What differs, and means nothing.
    """

    differences: Dict[str, str]
    remarks: Dict[str, str]


def compare_outputs(first: List[Output], other: List[Output]) -> OutputComparison:
    """Compare what two runs showed, output by output in order."""
    found = OutputComparison({}, {})
    for number, (one, second) in enumerate(zip_longest(first, other), start=1):
        place = f"output {number}"
        if one is None or second is None:
            there, side = (one, "first") if second is None else (second, "later")
            found.differences[place] = f"{place} ({there.kind}): shown by the {side} run alone"
        elif one.kind != second.kind:
            found.differences[place] = f"{place}: {one.kind} against {second.kind}"
        elif one != second:
            _compare_pair("the value" if one.kind == RESULT else place, one, second, found)
    return found


def _compare_pair(place: str, one: Output, second: Output, found: OutputComparison) -> None:
    if one.display != second.display:
        found.differences[place] = f"{place}: updates another display"
    for mime in dict.fromkeys((*one.data, *second.data)):
        where = f"{place} ({one.kind if one.kind in (*STREAMS, 'error') else mime})"
        if mime not in one.data or mime not in second.data:
            side = "first" if mime in one.data else "later"
            found.differences[where] = f"{where}: shown by the {side} run alone"
        else:
            _compare_data(where, mime, one.data[mime], second.data[mime], found)
    if one.data == second.data and one.metadata != second.metadata:
        found.differences[place] = f"{place}: {one.metadata} against {second.metadata}"


def _compare_data(where: str, mime: str, one: Any, second: Any, found: OutputComparison) -> None:
    if one == second:
        return
    texts = [data if isinstance(data, str) else repr(data) for data in (one, second)]
    anew = _made_anew(*texts)
    if anew is not None:
        found.remarks[where] = f"{where} differs in {anew} alone, which does not count."
    elif mime.startswith("image/") and mime != "image/svg+xml":
        found.differences[where] = f"{where}: the bytes differ"
    else:
        found.differences[where] = where + _first_difference(*texts)


def _made_anew(one: str, second: str) -> Optional[str]:
    """What two texts differ in, where that is made anew each time; None where they differ in more."""
    kinds = []
    for name, pattern in _MADE_ANEW:
        if one != second and pattern.search(one) and pattern.search(second):
            one, second = pattern.sub("", one), pattern.sub("", second)
            kinds.append(name)
    return " and ".join(kinds) if one == second else None


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
