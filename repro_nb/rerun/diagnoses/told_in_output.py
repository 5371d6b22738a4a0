"""What shell commands and magics print where they find no file, no folder or no program: they raise nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repro_nb.recording.compare.terminal import strip_colours
from repro_nb.rerun.diagnoses.causing import line_with
from repro_nb.rerun.diagnoses.display_changes import text_of
from repro_nb.rerun.diagnoses.distributions import KNOWN
from repro_nb.rerun.diagnoses.shell import NETWORK_COMMAND, shell_lines
from repro_nb.rerun.result import Cause, Grade, Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["ToldInOutput", "failed_change", "lacking_program", "program_fix"]

_CHANGE = re.compile(r"\[Errno 2\] No such file or directory: '(?P<path>[^'\n]+)'")
_CHANGING = r"^\s*(?:%?cd|%pushd)\s"
_PATHS = (
    _CHANGE,
    re.compile(
        r"^[\w./-]+: cannot \w+ '(?P<path>[^'\n]+)'[^:\n]*: No such file or directory$",
        re.MULTILINE,
    ),
    re.compile(
        r"^[\w./-]+: (?:line \d+: )?(?:cd: )?(?P<path>[^:\n]+): No such file or directory$",
        re.MULTILINE,
    ),
)
_PROGRAM = re.compile(
    r"^\S*(?:bash|sh): (?:line )?(?:\d+: )?(?P<program>[\w.+-]+): (?:command )?not found$",
    re.MULTILINE,
)
_WRITTEN = re.compile(r"^(?P<how>Overwriting|Writing) (?P<path>\S.*)$", re.MULTILINE)


@dataclass(frozen=True)
class ToldInOutput:
    """Cells that came to their end, and whose output tells of what is not there."""

    name: str = "missing-file"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """A cause for each such cell; the saved output tells nothing of the kind."""
        cells = sorted({*case.divergent, *_changing(case)})
        return list(filter(None, (_cause_of(case, cell) for cell in cells)))


def failed_change(case: Case, before: int) -> tuple[Origin, str] | None:
    """The last line before the cell `before` that changed into a folder which is not there, with that folder."""
    found = None
    for cell in range(before):
        match = _CHANGE.search(_printed(case, cell))
        line = line_with(case, cell, _CHANGING)
        found = (line, match["path"]) if match is not None and line is not None else found
    return found


def lacking_program(case: Case, cell: int) -> str | None:
    """The program that a shell did not find while `cell` ran; None for none."""
    match = _PROGRAM.search(_printed(case, cell))
    return None if match is None else match["program"]


def program_fix(program: str) -> str:
    """How to come by a program."""
    package = KNOWN.programs.get(program)
    how = f": on Debian and Ubuntu `apt install {package}`" if package else ""
    return f"Install {program}{how}."


def _changing(case: Case) -> Iterator[int]:
    """Cells that show the folder which they are left in: where that varies, they differ for it as well."""
    for cell in case.explained:
        if line_with(case, cell, _CHANGING) and _CHANGE.search(_printed(case, cell)):
            yield cell


def _cause_of(case: Case, cell: int) -> Cause | None:
    saved, fresh = _text(case.cells[cell].outputs), _printed(case, cell)
    program = _PROGRAM.search(fresh)
    if program is not None and not _PROGRAM.search(saved):
        return _no_program(case, cell, program["program"])
    for wording in _PATHS:
        match = wording.search(fresh)
        if match is not None and not wording.search(saved):
            return _no_file(case, cell, match["path"])
    return _written_before(case, cell, saved, fresh)


def _no_program(case: Case, cell: int, program: str) -> Cause:
    evidence = f"The program {program} is not installed, or not on the PATH of the kernel."
    line = _line(case, cell, program)
    if line is not None and NETWORK_COMMAND.search(line.code):
        evidence += " What it should have fetched from the network is not there either."
    return _cause(cell, evidence, program_fix(program), line)


def _no_file(case: Case, cell: int, path: str) -> Cause:
    line = _line(case, cell, path)
    if line is not None and re.search(_CHANGING, line.code):
        evidence = f"The folder {path} that the notebook changes into does not exist: it stays where it is."
        fix = "Leave the change out, and give paths relative to the notebook; or put the folder there."
        return _cause(cell, evidence, fix, line)
    fix = "Put the file there, or let the notebook make or download it."
    return _cause(cell, f"{path} does not exist, as the cell's output tells.", fix, line)


def _written_before(case: Case, cell: int, saved: str, fresh: str) -> Cause | None:
    """A file that was there on one side alone when the cell wrote it."""
    old = {match["path"].strip(): match["how"] for match in _WRITTEN.finditer(saved)}
    new = {match["path"].strip(): match["how"] for match in _WRITTEN.finditer(fresh)}
    path = next((path for path in old if path in new and old[path] != new[path]), None)
    line = None if path is None else line_with(case, cell, r"^\s*%%(?:writefile|file)\b")
    if path is None or line is None:
        return None
    if old[path] == "Overwriting":
        evidence = f"{path} was there already when the notebook was saved, and is not there before a fresh run."
        fix = f"Save the notebook after a run in a folder without {path}; later cells may have read the older file."
        return _cause(cell, evidence, fix, line, Grade.SUSPECTED)
    evidence = (
        f"{path} is there now, before the cell writes it, and was not when the notebook was saved."
    )
    fix = f"Leave {path} to the notebook: delete it before the run, or save the notebook again."
    return _cause(cell, evidence, fix, line, Grade.SUSPECTED, "working-directory")


def _line(case: Case, cell: int, word: str) -> Origin | None:
    """The line that a command's word stands in."""
    commands = (line for line in shell_lines(case, cell) if word in line.code)
    return next(commands, None) or line_with(case, cell, re.escape(word))


def _cause(
    cell: int,
    evidence: str,
    fix: str,
    origin: Origin | None,
    grade: Grade = Grade.OBSERVED,
    factor: str = "missing-file",
) -> Cause:
    return Cause(
        cell=cell,
        factor=factor,
        grade=grade,
        evidence=evidence,
        fix=fix,
        origin=origin,
        floating=False,
    )


def _printed(case: Case, cell: int) -> str:
    return _text(case.run.outputs[cell] or [])


def _text(outputs: Sequence[Mapping[str, Any]]) -> str:
    # Commands write to a terminal of the kernel's own, which ends lines in its own way.
    return strip_colours(text_of(outputs)).replace("\r\n", "\n")
