"""What is said of the difference of two checkpoints, in a terminal and on paper alike."""

from __future__ import annotations

import math

from repro_nb.checkpoints.diff import Change, CheckpointDiff, EntryDiff
from repro_nb.checkpoints.elementwise import Difference
from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.checkpoints.wording import listed, plural
from repro_nb.pages.one_line import one_line

__all__ = ["bar", "extent", "figures", "first", "summary", "verdict"]

_SMALLEST = 1e-8
"""Relative change at which a bar is empty; it is full at 1, and its length is logarithmic between."""


def verdict(diff: CheckpointDiff) -> str:
    """One sentence."""
    beside = (
        f"; not compared: {listed([one_line(name) for name in diff.left_out])}"
        if diff.left_out
        else ""
    )
    if diff.agrees:
        return f"the same to the bit: {_counted(diff.same)}{beside}"
    verb = "differs" if len(diff.rows) == 1 else "differ"
    return f"{len(diff.rows):,} of {_counted(diff.same + len(diff.rows))} {verb}{beside}"


def summary(diff: CheckpointDiff) -> str:
    """How many things happened of each kind, and what is the same."""
    counts = [(len(diff.of(change)), change.value) for change in Change]
    told = [f"{count:,} {word}" for count, word in counts if count]
    return ", ".join([*told, f"{diff.same:,} the same"])


def extent(row: EntryDiff) -> float:
    """How much has changed, from 0 to 1: relative change on a logarithmic scale, else the share of elements."""
    difference = row.difference
    if difference is None:
        return 1.0
    if difference.relative is None:
        return difference.share
    if difference.relative <= _SMALLEST:
        return 0.0
    return min(1.0, 1 - math.log(difference.relative) / math.log(_SMALLEST))


def bar(share: float, width: int) -> str:
    """`share` as a bar of `width` characters, to an eighth of one; what is not nothing is seen."""
    eighths = max(1, round(share * width * 8))
    whole, rest = divmod(min(eighths, width * 8), 8)
    return ("█" * whole + " ▏▎▍▌▋▊▉"[rest].strip()).ljust(width)


def figures(row: EntryDiff) -> tuple[str, str, str, str]:
    """Elements that changed, largest absolute change, L2 of the change, and relative change."""
    difference = row.difference
    if difference is None:
        return ("", "", "", "")
    share = f"{difference.changed:,} of {difference.elements:,}"
    special = f", {difference.not_finite:,} NaN or infinite" if difference.not_finite else ""
    numbers = (difference.max_abs, difference.l2, difference.relative)
    largest, norm, relative = ("" if each is None else _number(each) for each in numbers)
    return (share + special, largest, norm, relative)


def first(row: EntryDiff) -> str:
    """Where the first difference is; for a tensor or value of another kind, what it was and is."""
    if row.difference is not None:
        bit = _bit(row, row.difference)
        index = row.difference.first_index
        return f"[{', '.join(map(str, index))}], {bit}" if index else bit
    if row.left and row.right:
        return f"{row.left} → {row.right}"
    return row.left or row.right


def _bit(row: EntryDiff, difference: Difference) -> str:
    dtype = dtype_named(row.left.partition(" ")[0])
    bit = difference.first_bit
    if dtype.mantissa is None:
        return f"bit {bit}"
    bits = dtype.bits // 2 if dtype.is_complex else dtype.bits
    within = bit % bits
    part = "fraction" if within < dtype.mantissa else "sign" if within == bits - 1 else "exponent"
    return f"bit {bit} ({part})"


def _counted(count: int) -> str:
    return plural(count, "tensor or value", "tensors and values")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
