"""What changed between two checkpoints: tensor by tensor, to the element and the bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from repro_nb.checkpoints.elementwise import Difference, difference_of
from repro_nb.checkpoints.progress import ByteProgress, Silent
from repro_nb.checkpoints.remote import shown
from repro_nb.checkpoints.tensors import Entry, TensorEntry, Tensors, ValueEntry, open_tensors
from repro_nb.checkpoints.tensors.canonical import canonical_text

__all__ = ["Change", "CheckpointDiff", "EntryDiff", "diff_checkpoints", "diff_tensors"]


class Change(StrEnum):
    """What happened to a tensor or value."""

    ADDED = "added"
    REMOVED = "removed"
    RESHAPED = "reshaped"
    RETYPED = "retyped"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class EntryDiff:
    """One tensor or value that is not the same on both sides.

    Attributes:
        name: The keys that lead to it, joined by ``/``.
        change: What happened to it.
        left: What it is on the left: data type and shape of a tensor, else the value; empty where it is not there.
        right: The same on the right.
        difference: How the numbers of a tensor differ whose type and shape are the same; None else.
    """

    name: str
    change: Change
    left: str = ""
    right: str = ""
    difference: Difference | None = None


@dataclass(frozen=True, kw_only=True)
class CheckpointDiff:
    """The difference of two checkpoints.

    Attributes:
        left: What the left one was called.
        right: What the right one was called.
        left_format: Format of the left one.
        right_format: Format of the right one.
        same: Tensors and values that are the same to the bit.
        rows: The others, in the order of the left checkpoint, then those that were added.
        left_out: Names of files of the folders that hold no tensors, and were not compared.
    """

    left: str
    right: str
    left_format: str
    right_format: str
    same: int
    rows: tuple[EntryDiff, ...]
    left_out: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether both hold the same, to the bit."""
        return not self.rows

    def of(self, change: Change) -> tuple[EntryDiff, ...]:
        """The rows to which `change` happened."""
        return tuple(row for row in self.rows if row.change is change)


def diff_checkpoints(
    left: str | Path, right: str | Path, progress: ByteProgress | None = None
) -> CheckpointDiff:
    """What changed from one checkpoint to another, whatever formats they are in.

    Elements are compared by their bits: 0.0 and -0.0 differ, and two NaN are the same only where their bits are.
    No more than one tensor is in memory, and of most a megabyte only.

    Args:
        left: The older one, a file, a folder or an address as `open_tensors` takes it.
        right: The newer one.
        progress: Hears how many bytes were read.

    Raises:
        CheckpointError: One cannot be read; the error names what it is that cannot.
        UnsafeCheckpointError: Loading one would run code, or eat memory or time without end.
        FileChangedError: One was written while it was read.
        UsageError: A package is not installed.
    """
    with open_tensors(left) as here, open_tensors(right) as there:
        return diff_tensors(here, there, (shown(left), shown(right)), progress or Silent())


def diff_tensors(
    left: Tensors, right: Tensors, names: tuple[str, str], progress: ByteProgress
) -> CheckpointDiff:
    """What changed from one opened checkpoint to another.

    Args:
        left: The older one.
        right: The newer one.
        names: What they are called.
        progress: Hears how many bytes were read.

    Raises:
        CheckpointError: See `diff_checkpoints`.
    """
    progress.expected(names[0], _bytes_to_read(left, right))
    rows = tuple(_rows(left, right, progress))
    everything = left.entries.keys() | right.entries.keys()
    return CheckpointDiff(
        left=names[0],
        right=names[1],
        left_format=left.format,
        right_format=right.format,
        same=len(everything) - len(rows),
        rows=rows,
        left_out=tuple(sorted({*left.left_out, *right.left_out})),
    )


def _bytes_to_read(left: Tensors, right: Tensors) -> int:
    pairs = ((entry, right.entries.get(entry.name)) for entry in left.tensors)
    return sum(2 * here.size for here, there in pairs if _are_comparable(here, there))


def _are_comparable(left: Entry, right: Entry | None) -> bool:
    both = isinstance(left, TensorEntry) and isinstance(right, TensorEntry)
    return both and (left.dtype, left.shape) == (right.dtype, right.shape)  # type: ignore[union-attr]


def _rows(left: Tensors, right: Tensors, progress: ByteProgress) -> Iterator[EntryDiff]:
    for name, here in left.entries.items():
        there = right.entries.get(name)
        if there is None:
            yield EntryDiff(name=name, change=Change.REMOVED, left=described(here))
        elif (row := _row(here, there, progress)) is not None:
            yield row
    for name, there in right.entries.items():
        if name not in left.entries:
            yield EntryDiff(name=name, change=Change.ADDED, right=described(there))


def _row(left: Entry, right: Entry, progress: ByteProgress) -> EntryDiff | None:
    change, difference = Change.CHANGED, None
    if isinstance(left, TensorEntry) and isinstance(right, TensorEntry):
        if left.dtype != right.dtype:
            change = Change.RETYPED
        elif left.shape != right.shape:
            change = Change.RESHAPED
        else:
            difference = difference_of(left, right, progress)
            if difference is None:
                return None
    elif _same_value(left, right):
        return None
    elif not (
        isinstance(left, ValueEntry) and isinstance(right, ValueEntry) and left.kind == right.kind
    ):
        change = Change.RETYPED
    return EntryDiff(
        name=left.name,
        change=change,
        left=described(left),
        right=described(right),
        difference=difference,
    )


def _same_value(left: Entry, right: Entry) -> bool:
    if not isinstance(left, ValueEntry) or not isinstance(right, ValueEntry):
        return False
    same_kind = left.kind == right.kind
    return same_kind and canonical_text(left.value) == canonical_text(right.value)


_LONGEST = 60


def described(entry: Entry) -> str:
    """A tensor's data type and shape, or a value, in a few words."""
    if isinstance(entry, TensorEntry):
        return f"{entry.dtype} [{', '.join(map(str, entry.shape))}]"
    text = repr(entry.value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
