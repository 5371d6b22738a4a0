"""What `verify` finds out about a notebook: one model, which every report and the JSON contract render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from repro_nb.errors import ReproError
from repro_nb.findings import Finding
from repro_nb.recording.outcome import CellComparison
from repro_nb.records import Environment

__all__ = [
    "CellResult",
    "CellStatus",
    "Coverage",
    "DivergedSource",
    "Failure",
    "Level",
    "NotebookResult",
    "RunFacts",
    "RunToRun",
    "Saved",
    "Status",
    "failure_of",
]


class Level(IntEnum):
    """The reproducibility ladder."""

    FAILS = 0
    RUNS = 1
    REPEATS = 2
    ROBUST = 3
    MATCHES = 4
    LOCKED = 5

    @property
    def label(self) -> str:
        """The rung's name, such as ``robust``."""
        return self.name.lower()

    @property
    def meaning(self) -> str:
        """What a notebook on this rung is known to do."""
        return _MEANINGS[self]


_MEANINGS = {
    Level.FAILS: "does not run top to bottom in a fresh kernel",
    Level.RUNS: "completes; outputs differ from run to run on one machine",
    Level.REPEATS: "two plain runs on this machine agree",
    Level.ROBUST: "runs agree while every factor that can be varied here is varied",
    Level.MATCHES: "and they agree with the saved outputs",
    Level.LOCKED: "and they do so in a clean environment built from the lock file",
}


class Status(StrEnum):
    """How the examination of one notebook ended."""

    OK = "ok"
    """It was judged."""
    FAILED = "failed"
    """It was judged, and a cell raised."""
    ERROR = "error"
    """It could not be judged."""


class CellStatus(StrEnum):
    """What became of one cell in the first run."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The notebook asks for it to be skipped, or it is empty."""
    NOT_RUN = "not-run"
    """The run ended before it."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a notebook failed or could not be judged.

    Attributes:
        cell: Index over code cells, from 0; None when no cell is to blame.
        type: Name of the exception's class.
        message: Its text, and what to do next where we know.
        exit_code: What this means for the command line: 1, 2 or 3.
        traceback: The traceback as text without terminal colours; empty when there is none.
    """

    cell: int | None
    type: str
    message: str
    exit_code: int
    traceback: str = ""


def failure_of(error: ReproError) -> Failure:
    """The failure that a typed error stands for."""
    message = f"{error.message}\n{error.hint}" if error.hint else error.message
    return Failure(cell=None, type=type(error).__name__, message=message, exit_code=error.exit_code)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much was compared, in outputs; each counts once, with its worst comparison.

    ``outputs == compared + ignored`` and
    ``compared == identical + equivalent + different + missing + extra``.
    """

    outputs: int = 0
    compared: int = 0
    identical: int = 0
    equivalent: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    ignored: int = 0


@dataclass(frozen=True, kw_only=True)
class RunToRun:
    """Fresh runs compared with one another. Cells are indices over code cells, from 0.

    Attributes:
        divergent_cells: Cells whose outputs differ between any two runs that were made.
        first: The first of them.
        plain_divergent_cells: Cells that differ between two *plain* runs; None when no second plain run was needed.
    """

    divergent_cells: tuple[int, ...] = ()
    first: int | None = None
    plain_divergent_cells: tuple[int, ...] | None = None

    @property
    def focus(self) -> int | None:
        """The cell that explains most: the first that plain runs differ in, else the first."""
        return self.plain_divergent_cells[0] if self.plain_divergent_cells else self.first


@dataclass(frozen=True, kw_only=True)
class Saved:
    """The first fresh run compared with the saved outputs.

    Attributes:
        divergent_cells: Cells whose outputs differ from the saved ones.
        first: The first of them.
        available: Whether there was anything to compare with.
        origin: ``notebook``, ``recording`` (the outputs were stripped from the notebook) or ``none``.
    """

    divergent_cells: tuple[int, ...] = ()
    first: int | None = None
    available: bool = False
    origin: str = "none"


@dataclass(frozen=True, kw_only=True)
class DivergedSource:
    """A source of random numbers whose state differed between runs when the first divergent cell began.

    Attributes:
        name: The source: ``numpy``, ``torch``, ``rng``, …
        kind: Its type where a user holds it, such as ``numpy.random.Generator(PCG64)``.
        cell: Index of the cell that this began in.
        how: What that cell did: ``drawn``, it drew from it unseeded; ``made``, it made it unseeded; ``seeded``, it
            seeded it with a value that differs from run to run.
        drawn_here: The first divergent cell itself draws from it.
        rebuilt_by: Python that makes the very stream of the first run again; empty where that is not known.
    """

    name: str
    kind: str
    cell: int
    how: str
    drawn_here: bool
    rebuilt_by: str = ""


class Grade(StrEnum):
    """How well a cause is known."""

    PROVED = "proved"
    """By the experiment: varied alone it makes the difference, pinned it does not."""
    OBSERVED = "observed"
    """An interceptor saw it, or a state changed."""
    SUSPECTED = "suspected"
    """Read from the source or the output."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The place in the notebook that a cause comes from.

    Attributes:
        cell: Index over code cells, from 0.
        line: The line's number in the cell, from 1.
        code: Its text.
        seen: Whether the line was seen to use the factor, or its words leave no doubt; else it is the likeliest.
    """

    cell: int
    line: int
    code: str
    seen: bool = True


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a cell gives something else, or fails.

    Attributes:
        cell: Index of the first cell that the factor makes differ, or that fails.
        factor: Public name of the factor or the diagnosis, such as ``os-entropy``; ``unexplained`` for none.
        grade: How well it is known.
        evidence: What was seen that shows it, as a sentence or two.
        fix: What to do about it, as a sentence; empty where there is nothing to do.
        origin: Where it comes from; None when that is not known.
        floating: Whether it differs between two runs on one machine; else it takes another machine.
        inherited_by: Later cells that differ only through this one.
    """

    cell: int
    factor: str
    grade: Grade
    evidence: str
    fix: str = ""
    origin: Origin | None = None
    floating: bool = True
    inherited_by: tuple[int, ...] = ()


UNEXPLAINED = "unexplained"
"""The factor of a cell whose cause was not found."""


@dataclass(frozen=True, kw_only=True)
class CellResult:
    """One code cell, in all comparisons.

    Attributes:
        index: Position over code cells, from 0, in document order.
        id: The notebook's cell id, else ``<index>-<source digest>``.
        source: The cell's text.
        status: What became of it in the first run.
        run_to_run: Fresh runs compared; None when there was only one.
        compared_runs: Names of the two runs that `run_to_run` shows.
        saved: The first run compared with the saved outputs; None when there are none.
        draws: Names of the sources that the cell drew from, in any run.
        seconds: Wall time in the first run; None when it did not run.
    """

    index: int
    id: str
    source: str
    status: CellStatus
    run_to_run: CellComparison | None = None
    compared_runs: tuple[str, str] = ("A", "B")
    saved: CellComparison | None = None
    draws: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def raises_as_saved(self) -> bool:
        """Whether the saved outputs hold an exception, and the first run gave the same one."""
        outputs = self.saved.outputs if self.saved is not None else ()
        return any(each.kind == "error" and each.outcome.agrees for each in outputs)


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """One fresh-kernel run, as far as a reader wants to know.

    Attributes:
        name: ``A``, ``B``, …
        varied: What was set on purpose, by factor: ``{"hash-seed": "1234", "timezone": "XXX-5:45"}``. Empty for
            a plain run, and for one in which every factor is pinned.
        pinned: Names of the factors that were held at their reference value.
        cells: How many code cells it ran; a run that explains stops after the last cell that needs it.
        seconds: Wall time, kernel start included.
        altered: What a diagnosis changed in the notebook for it, such as ``cells in the order 0, 2, 1``; empty for
            the notebook as it is. Such a run is compared with the saved outputs alone.
    """

    name: str
    varied: Mapping[str, str] = field(default_factory=dict)
    pinned: tuple[str, ...] = ()
    cells: int = 0
    seconds: float = 0.0
    altered: str = ""


@dataclass(frozen=True, kw_only=True)
class NotebookResult:
    """Everything that `verify` found out about one notebook.

    Attributes:
        notebook: The path, as the user gave it.
        level: The rung reached; None when it was not tested (one run only) or could not be judged.
        status: How the examination ended.
        error: Why it failed or could not be judged.
        coverage: How much was compared.
        held_back_by: The one thing between this level and the next; None at the top.
        run_to_run: Fresh runs against one another.
        saved: The first fresh run against the saved outputs.
        cells: Every code cell, in document order.
        diverged_sources: Sources already diverged on entry to the first divergent cell.
        causes: Why cells differ or fail, by cell; empty when nothing was to be explained, or it was not asked for.
        findings: Further remarks: draws between cells, seeds that float, …
        runs: The runs that were made.
        not_varied: Factors that could not be varied here, each with why.
        isolation: How the runs were kept from the user's files: ``overlay``, ``copy`` or ``in-place``, with why.
        environment: What the first run ran in; None when it was not captured.
        bar: The level that counts as passing.
        bar_reason: Why the bar is what it is, when the user did not set it.
        recording: Path of the recording that was written (``--update``).
        seconds: Wall time of the whole examination.
    """

    notebook: str
    level: Level | None
    status: Status
    error: Failure | None = None
    coverage: Coverage = Coverage()
    held_back_by: str | None = None
    run_to_run: RunToRun = RunToRun()
    saved: Saved = Saved()
    cells: tuple[CellResult, ...] = ()
    diverged_sources: tuple[DivergedSource, ...] = ()
    causes: tuple[Cause, ...] = ()
    findings: tuple[Finding, ...] = ()
    runs: tuple[RunFacts, ...] = ()
    not_varied: tuple[str, ...] = ()
    isolation: str = ""
    environment: Environment | None = None
    bar: Level = Level.MATCHES
    bar_reason: str = ""
    recording: str | None = None
    seconds: float = 0.0

    @property
    def first_divergent_cell(self) -> CellResult | None:
        """The cell to look at first: the first that differs between runs, else from the saved outputs.

        What plain runs differ in comes before what needs other surroundings to differ.
        """
        firsts = (self.run_to_run.focus, self.saved.first)
        index = next((first for first in firsts if first is not None), None)
        return None if index is None else self.cells[index]

    @property
    def fails_as_saved(self) -> bool:
        """Whether the failing cell raises the very exception that it was saved with."""
        if self.error is None or self.error.exit_code != 1 or self.error.cell is None:
            return False
        return bool(self.cells) and self.cells[self.error.cell].raises_as_saved

    @property
    def exit_code(self) -> int:
        """0 at or above the bar, 1 below it, 2 for input that is no notebook, 3 when it could not be judged."""
        if self.error is not None:
            return self.error.exit_code
        if self.level is None:
            # One run alone: what is known is what the saved outputs say, where there are any.
            known = self.saved.available and self.coverage.compared > 0
            return 0 if known and not self.saved.divergent_cells else 1
        return 0 if self.level >= self.bar else 1
