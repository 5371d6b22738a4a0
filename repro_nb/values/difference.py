"""What a comparison of two values tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import List, Mapping, Optional, Tuple

__all__ = ["Comparison", "Difference"]

_LONGEST_PATH = 160
_MOST_ULPS_TOLD = 10**6  # more is no rounding, and the number tells nobody anything


def shown_path(path: str) -> str:
    """A path as sentences give it, without the middle of a very long one."""
    if len(path) > _LONGEST_PATH:
        return f"{path[: _LONGEST_PATH // 2]}…{path[-_LONGEST_PATH // 2 :]}"
    return path or "the value"


@dataclass(frozen=True)
class Difference:
    """One leaf that differs.

    Attributes:
        path: Where it is, in Python's syntax relative to the root, such as ``['loss'][3]``; empty for the root.
        reason: What differs, as one clause.
        count: Elements that differ; 1 where the leaf is no array.
        size: Elements that there are.
        max_abs: Largest absolute difference; NaN where an element is NaN on one side alone; None for what are
            no numbers.
        max_rel: Largest difference relative to the first side's magnitude; None as above.
        ulps: Largest distance of floats in units in the last place; None where that has no meaning.
        first_index: Index of the first element that differs, or place of the first such character of a text;
            empty for a scalar.
        first: That element of the first side, as text.
        second: That element of the second side, as text.
    """

    path: str
    reason: str
    count: int = 1
    size: int = 1
    max_abs: Optional[float] = None
    max_rel: Optional[float] = None
    ulps: Optional[int] = None
    first_index: Tuple[int, ...] = ()
    first: str = ""
    second: str = ""

    def __str__(self) -> str:
        what = f"{shown_path(self.path)}: {self._amount()}{self._size_of_it()}"
        if self.first_index:
            what += f", first at [{', '.join(map(str, self.first_index))}]"
        return f"{what}: {self.first} against {self.second}" if self.first else what

    def _amount(self) -> str:
        if self.size == 1:
            return self.reason
        noun = "elements differ" if self.reason == "values differ" else f"elements: {self.reason}"
        return f"{self.count:,} of {self.size:,} {noun}"

    def _size_of_it(self) -> str:
        if self.max_abs is None:
            return ""
        if math.isnan(self.max_abs):
            return ", NaN on one side"
        is_rounding = self.ulps is not None and self.ulps <= _MOST_ULPS_TOLD
        distance = f" ({self.ulps:,} ulp)" if is_rounding else ""
        joint = " by" if self.size == 1 else ", at most"
        return f"{joint} {self.max_abs:.2g}{distance}"


@dataclass(frozen=True)
class Comparison:
    """Verdict on two values.

    Attributes:
        equal: Whether no difference was found. What could not be compared is none: look at `uncomparable`, too.
        differences: The leaves that differ, in the order of the walk, at most `MOST_TOLD`.
        uncomparable: Paths of the leaves that could not be compared, or not wholly, each with why; at most as
            many.
        compared: Leaves that were compared.
        differing: Leaves that differ in all.
        uncompared: Leaves that could not be compared in all.
    """

    equal: bool
    differences: Tuple[Difference, ...]
    uncomparable: Mapping[str, str]
    compared: int
    differing: int
    uncompared: int

    def __str__(self) -> str:
        return "\n".join(self.lines()) or f"equal ({self.compared:,} compared)"

    def lines(self, most: Optional[int] = None) -> List[str]:
        """A line for each difference and each leaf that could not be compared, and one for the rest of them.

        Args:
            most: How many, the last one aside; None for all that are listed.
        """
        lines = [str(difference) for difference in self.differences]
        lines += [
            f"{shown_path(path)}: not compared ({why})" for path, why in self.uncomparable.items()
        ]
        lines = lines[:most]
        rest = self.differing + self.uncompared - len(lines)
        return [*lines, f"… and {rest:,} more"] if rest else lines
