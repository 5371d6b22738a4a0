"""Reads the labelled corpus: the texts under ``corpus/``, whose form and labels README.md beside this file explains."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CORPUS", "Case", "Cell", "Label", "SavedOutput", "load", "parse"]

CORPUS = Path(__file__).parent / "corpus"

_HEADER = re.compile(r"\A# /// labels\n(?P<body>(?:#[^\n]*\n)*?)# ///\n")
_CELL = re.compile(r"# %%(?: \[(?P<kind>markdown|\d+)\])?(?: -> (?P<factors>.+))?")
_MARK = re.compile(r"\s*#@(?P<unknowable>\??) (?P<factors>[a-z-]+(?:, [a-z-]+)*)$")
_SAVED = re.compile(r"#(?P<sign>[><=!]) ?(?P<text>.*)")
_SETTINGS = {"timeout", "needs", "absent", "saved", "fair", "recording", "git", "python"}
_KEYS = _SETTINGS | {"packages", "files"}


@dataclass(frozen=True, kw_only=True)
class Label:
    """A true cause of a notebook.

    Attributes:
        factors: The right name; further ones are as right.
        cell: Index over code cells, from 0, of the first whose output differs because of it, or that fails.
        origins: Lines that it comes from, as (cell from 0, line from 1); any of them is right. Empty when there is no
            such line.
        knowable: Whether a line has to be named; else naming none is right, too.
    """

    factors: tuple[str, ...]
    cell: int
    origins: frozenset[tuple[int, int]] = frozenset()
    knowable: bool = True

    @property
    def factor(self) -> str:
        """The name under which it is counted."""
        return self.factors[0]


@dataclass(frozen=True, kw_only=True)
class SavedOutput:
    """An output that the notebook is saved with: ``>`` printed, ``=`` displayed, ``!`` raised."""

    sign: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell.

    Attributes:
        source: Its text.
        markdown: Whether it is text, and no code.
        count: Its saved execution count.
        outputs: Its saved outputs.
        older: The source that its saved outputs belong to, where that is another.
    """

    source: str
    markdown: bool = False
    count: int | None = None
    outputs: tuple[SavedOutput, ...] = ()
    older: str | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A notebook with its labels.

    Attributes:
        name: Name of its text, without suffix.
        cells: All cells, in order.
        labels: Its causes; none when it is sound.
        fair: Factors that may be named as well.
        files: Content of the files beside it, by relative path.
        timeout: Seconds that a cell may take; None for no limit.
        needs: Modules without which it says nothing.
        absent: Modules that must not be there.
        saved: It is saved with the outputs of a run on this machine.
        recording: A recording lies beside it.
        git: It lies in a git repository, which holds an older version of it.
        packages: Versions that its recording tells.
        python: Version of Python that its metadata tell.
    """

    name: str
    cells: tuple[Cell, ...]
    labels: tuple[Label, ...] = ()
    fair: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    needs: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    saved: bool = False
    recording: bool = False
    git: bool = False
    packages: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None

    @property
    def sound(self) -> bool:
        """Whether it has no cause to be found."""
        return not self.labels

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if not cell.markdown)


def load(folder: Path = CORPUS) -> tuple[Case, ...]:
    """All notebooks of a corpus, by name.

    Raises:
        ValueError: A text does not keep to the form.
    """
    return tuple(
        parse(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.percent"))
    )


def parse(name: str, text: str) -> Case:
    """The notebook that a text stands for.

    Raises:
        ValueError: The text does not keep to the form.
    """
    try:
        return _parse(name, text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from error


def _parse(name: str, text: str) -> Case:
    settings, body = _header(text)
    cells: list[Cell] = []
    bites: list[tuple[str, int]] = []
    marks: list[tuple[str, tuple[int, int], bool]] = []
    code = -1
    for head, lines in _split(body):
        if head["kind"] == "markdown":
            cells.append(Cell(source=_uncommented(lines), markdown=True))
            continue
        code += 1
        bites += [(factor.strip(), code) for factor in (head["factors"] or "").split(",") if factor]
        cell, found = _code_cell(head["kind"], lines)
        cells.append(cell)
        marks += [(factor, (code, line), knowable) for factor, line, knowable in found]
    return Case(name=name, cells=tuple(cells), labels=_labels(bites, marks), **settings)


def _header(text: str) -> tuple[dict[str, Any], str]:
    found = _HEADER.match(text)
    if found is None:
        return {}, text
    settings = tomllib.loads(_uncommented(found["body"].splitlines()))
    unknown = set(settings) - _KEYS
    if unknown:
        raise ValueError(f"unknown settings: {sorted(unknown)}")
    listed = {
        key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()
    }
    listed["recording"] = bool(settings.get("recording") or settings.get("packages"))
    return listed, text[found.end() :]


def _uncommented(lines: Sequence[str]) -> str:
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines)


def _split(body: str) -> Iterator[tuple[re.Match[str], list[str]]]:
    """Each cell's first line, taken apart, and its further lines."""
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in body.splitlines():
        if not line.startswith("# %%"):
            lines.append(line)
            continue
        if head is not None:
            yield head, lines
        head, lines = _CELL.fullmatch(line), []
        if head is None:
            raise ValueError(f"no cell begins so: {line}")
    if head is None:
        raise ValueError("there is no cell")
    yield head, lines


def _code_cell(count: str | None, lines: Sequence[str]) -> tuple[Cell, list[tuple[str, int, bool]]]:
    """The cell, and its marks: factor, line, whether the line can be known."""
    source: list[str] = []
    saved: dict[str, list[str]] = {}
    marks: list[tuple[str, int, bool]] = []
    for line in lines:
        kept = _SAVED.fullmatch(line)
        if kept is not None:
            saved.setdefault(kept["sign"], []).append(kept["text"])
            continue
        mark = _MARK.search(line)
        source.append(line if mark is None else line[: mark.start()])
        if mark is not None:
            named = mark["factors"].split(", ")
            marks += [(factor, len(source), not mark["unknowable"]) for factor in named]
    older = saved.pop("<", None)
    cell = Cell(
        source="\n".join(source).rstrip("\n"),
        count=None if count is None else int(count),
        outputs=tuple(SavedOutput(sign=sign, text="\n".join(text)) for sign, text in saved.items()),
        older=None if older is None else "\n".join(older),
    )
    return cell, marks


def _labels(
    bites: Sequence[tuple[str, int]], marks: Sequence[tuple[str, tuple[int, int], bool]]
) -> tuple[Label, ...]:
    """Join where factors show with the lines that they come from."""
    known = {bite.split("|")[0] for bite, _ in bites}
    stray = {factor for factor, _, _ in marks} - known
    if stray:
        raise ValueError(f"marked, but no cell differs by it: {sorted(stray)}")
    return tuple(
        Label(
            factors=tuple(bite.split("|")),
            cell=cell,
            origins=frozenset(place for name, place, _ in marks if name == bite.split("|")[0]),
            knowable=all(knowable for name, _, knowable in marks if name == bite.split("|")[0]),
        )
        for bite, cell in bites
    )
