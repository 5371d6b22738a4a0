"""What a factor is: something by which two runs can differ, that can be watched, pinned and varied.

A factor works at two moments. Before a kernel starts, `Factor.pin` and `Factor.vary` give a `Setting`: environment
variables, what goes before the kernel's command, and a word for the kernel's own side. Inside the kernel, before the
first cell, `Factor.install` begins to note the lines that use it, and holds it where that word says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Optional, Protocol, Sequence, Tuple

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses
    from repro_nb.records import CellRecord, FactorUse

__all__ = ["Factor", "Host", "Setting", "Traces", "UnavailableError"]


class UnavailableError(Exception):
    """A factor cannot be held on this machine, or for this kernel; its text says why."""


@dataclass(frozen=True)
class Host:
    """Where a kernel is about to start.

    Attributes:
        scratch: A folder of the run's own, outside the project; removed when the run ends.
        project: The folder that the run sees as its project.
        cwd: The folder that the kernel starts in.
        hash_seed: A value for ``PYTHONHASHSEED`` that is this run's own.
        mounts: Whether the kernel's command starts in a mount namespace of its own, in which it may mount.
        kernel_env: What the kernelspec sets by itself: a factor that it pins is left alone.
        slot: Number of the run, so that runs side by side need not share processors.
    """

    scratch: Path
    project: Path
    cwd: Path
    hash_seed: str = "0"
    mounts: bool = False
    kernel_env: Mapping[str, str] = field(default_factory=dict)
    slot: int = 0


@dataclass(frozen=True)
class Setting:
    """What holds a factor at one value for the length of a run.

    Attributes:
        value: The value, as reports show it.
        environment: Environment variables of the kernel.
        unset: Variables of `environment` that are taken out again before the first cell.
        prefix: What goes before the kernel's command.
        held: What `Factor.install` is given in the kernel; None where nothing is to be held there.
        missing: What of the factor could not be set here, as the end of a sentence; empty when nothing is.
    """

    value: str
    environment: Mapping[str, str] = field(default_factory=dict)
    unset: Tuple[str, ...] = ()
    prefix: Tuple[str, ...] = ()
    held: Optional[str] = None
    missing: str = ""


@dataclass(frozen=True)
class Traces:
    """What a pinned run left for a factor to find itself in.

    Attributes:
        records: The record of each cell that ran.
        sources: The text of each of these cells.
        accelerators: Devices that were in use.
    """

    records: Sequence[CellRecord]
    sources: Sequence[str]
    accelerators: Sequence[str] = ()

    def uses_of(self, factor: str) -> Tuple[FactorUse, ...]:
        """The uses of one factor, in order."""
        return tuple(use for record in self.records for use in record.uses if use.factor == factor)


class Factor(Protocol):
    """Something by which two runs of a notebook can differ.

    Attributes:
        name: Its public name, such as ``hash-seed``.
        floating: Whether it differs between two runs on one machine by itself; else it stands, and differs between
            machines.
        wording: What varies, for sentences: "the order of sets and of what hashes text".
    """

    @property
    def name(self) -> str:
        """As above."""

    @property
    def floating(self) -> bool:
        """As above."""

    @property
    def wording(self) -> str:
        """As above."""

    def pin(self, host: Host) -> Setting:
        """What holds it at its reference value.

        Raises:
            UnavailableError: It cannot be held here.
        """

    def vary(self, host: Host, round_: int) -> Setting:
        """What holds it at another value: one for each round, counted from 0.

        Raises:
            UnavailableError: It cannot be set here.
        """

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """In the kernel, before the first cell: note its uses from now on, and hold it.

        Args:
            uses: Where lines that use it are noted.
            held: The setting's `Setting.held`; None to hold nothing.
        """

    def is_active(self, traces: Traces) -> bool:
        """Whether anything that a pinned run left shows that the notebook may depend on it.

        A factor that leaves no traces of its own is always active.
        """

    def remedy(self, code: str) -> str:
        """What a user does about it, as one sentence.

        Args:
            code: The line it comes from; empty where that is not known.
        """
