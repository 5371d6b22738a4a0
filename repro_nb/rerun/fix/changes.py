"""What an edit changes, counted in the notebook as it lies on disk: changes are added up, or left out, one by one."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Change", "Import", "KernelChange", "Move", "Preamble", "Proposal", "Splice"]


@dataclass(frozen=True)
class Splice:
    """Other text in a cell.

    Attributes:
        cell: Index over code cells, from 0.
        start: Offset in the cell's text, in characters.
        end: Offset of the first character that stays; `start` for an insertion.
        text: What stands there instead.
    """

    cell: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Import:
    """An import that lines of ours need.

    Attributes:
        path: What is imported, such as ``numpy`` or ``numba.njit``.
        name: The name that it is bound to.
    """

    path: str
    name: str

    @property
    def statement(self) -> str:
        """The line that imports it."""
        module, _, attribute = self.path.rpartition(".")
        if self.path in _MODULES or not module:
            return f"import {self.path}" + (f" as {self.name}" if self.name != self.path else "")
        return f"from {module} import {attribute}" + (
            f" as {self.name}" if self.name != attribute else ""
        )


_MODULES = frozenset({"numpy.random", "os.path"})


@dataclass(frozen=True)
class Preamble:
    """Lines that run once, before a cell: seeds, and values that were taken from the machine.

    Those of all edits stand together in one place.

    Attributes:
        before: Index of the code cell that needs them first.
        lines: The lines.
        imports: What they need imported.
    """

    before: int
    lines: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True)
class Move:
    """A cell at another place.

    Attributes:
        cell: Index of the code cell that moves.
        before: Index of the code cell that it goes in front of; None for the end.
    """

    cell: int
    before: int | None


@dataclass(frozen=True)
class KernelChange:
    """Another kernel in the notebook's metadata.

    Attributes:
        name: Name of the kernelspec.
        display_name: What menus show.
    """

    name: str
    display_name: str


Change = Splice | Preamble | Move | KernelChange


@dataclass(frozen=True)
class Proposal:
    """One way to treat a cause.

    Attributes:
        changes: What it changes.
        why: What that does, and what a reader should know of it, as a sentence.
        sets_values: It decides values that were free before, so that outputs which rest on them may change.
    """

    changes: tuple[Change, ...]
    why: str
    sets_values: bool = True

    @property
    def cells(self) -> tuple[int, ...]:
        """Indices of the code cells whose text it changes or that it moves."""
        named = {change.cell for change in self.changes if isinstance(change, Splice | Move)}
        return tuple(sorted(named))
