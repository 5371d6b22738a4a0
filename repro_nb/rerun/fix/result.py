"""What `fix` found: edits that help, each for its cause, and what they make of the notebook."""

from __future__ import annotations

from dataclasses import dataclass

from repro_nb.rerun.result import Cause, Failure, Level, NotebookResult

__all__ = ["AcceptedEdit", "CellDiff", "FixResult", "WithdrawnEdit"]

_INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class AcceptedEdit:
    """An edit that was proved by reruns. Cells are indices over the original's code cells.

    Attributes:
        cause: What it treats.
        cells: The cells that it changes or moves; empty for one that adds lines of its own.
        why: What it does, and what a reader should know of it.
    """

    cause: Cause
    cells: tuple[int, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class WithdrawnEdit:
    """An edit that was tried, and is not part of the result.

    Attributes:
        cause: What it was to treat.
        why: What it would have done.
        reason: Why it is withdrawn.
    """

    cause: Cause
    why: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CellDiff:
    """One cell before and after.

    Attributes:
        cell: Index over the original's code cells; None for a new cell.
        place: Index over the edited notebook's code cells.
        moved: Whether it stands at another place among the cells that were there before.
        above: Index over the original's code cells of the one that follows it now; None at the end.
        diff: The unified diff of its text, without a head; empty where it is the same.
    """

    cell: int | None
    place: int
    moved: bool
    diff: tuple[str, ...]
    above: int | None = None


@dataclass(frozen=True, kw_only=True)
class FixResult:
    """What `fix` found out about one notebook.

    Attributes:
        notebook: The path, as the user gave it.
        before: What `verify` says of it as it is.
        after: What `verify` says of it with the edits; None where there are none.
        edits: The edits that help.
        withdrawn: Edits that were tried, and are not.
        left: Causes that need a human.
        cells: The cells that the edits change, in their new order.
        kernel: Name of the kernel that the notebook names with the edits; empty where it stays.
        written: Whether the notebook was written.
        backup: Where the old one is kept; None where nothing was written.
        unwritten: Why it could not be written, though it was to be; None else.
        interrupted: Whether the search was stopped before its end: what it would have found is not known.
        seconds: Wall time of it all.
    """

    notebook: str
    before: NotebookResult
    after: NotebookResult | None = None
    edits: tuple[AcceptedEdit, ...] = ()
    withdrawn: tuple[WithdrawnEdit, ...] = ()
    left: tuple[Cause, ...] = ()
    cells: tuple[CellDiff, ...] = ()
    kernel: str = ""
    written: bool = False
    backup: str | None = None
    unwritten: Failure | None = None
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def level(self) -> Level | None:
        """The level that the notebook reaches with the edits."""
        return (self.after or self.before).level

    @property
    def exit_code(self) -> int:
        """0 at level 3 or above, 1 below it, 2 for what cannot be read or written, 3 when it could not be judged.

        130 where the search was interrupted.
        """
        if self.interrupted:
            return _INTERRUPTED
        if self.unwritten is not None:
            return self.unwritten.exit_code
        result = self.after or self.before
        if result.error is not None:
            return result.error.exit_code
        return 0 if result.level is not None and result.level >= Level.ROBUST else 1
