"""A file that is not there: what should have made it, and where it lies instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, line_with
from repro_nb.rerun.diagnoses.downloads import lost_downloads, not_downloaded
from repro_nb.rerun.diagnoses.file_makers import Maker, maker_of, writes_files
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.nearby import project_files, shown_path
from repro_nb.rerun.diagnoses.outages import outage_in_output
from repro_nb.rerun.diagnoses.told_in_output import failed_change, program_fix
from repro_nb.rerun.result import CellStatus

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Cause, Failure, Origin

__all__ = ["MissingFile"]

_QUOTED = r"b?['\"`](?P<path>[^'\"`\n]+)['\"`]"
_WORDINGS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"No such file or directory:? {_QUOTED}",
        r"unable to open file[^\n]*name = '(?P<path>[^'\n]+)', errno = 2",
        r"Cannot save file into a non-existent directory: '(?P<path>[^'\n]+)'",
        rf"No such file:? {_QUOTED}",
        r"File `'(?P<path>[^'\n]+)'` not found",
        rf"File {_QUOTED} (?:does not exist|not found)",
        r"^(?:File )?(?P<path>\S*[\w)]\.\w{1,8}) (?:not found|does not exist)",
        r"(?P<path>\S+)(?: ?[:;]) No such file or directory",
        r"No such file or directory: (?P<path>\S+)",
        r"Error opening '(?P<path>[^'\n]+)'",
        r"Path does not exist: (?P<path>\S+)",
        r"failed to execute (?:PosixPath|WindowsPath)\('(?P<path>[^'\n]+)'\)",
        rf"(?:Unable|unable|Could not|could not|Failed|failed) to (?:open|read|find|load|locate)[^\n]*? {_QUOTED}",
    )
)
_NO_IMAGE = re.compile(r"!_?src\.empty\(\)|'NoneType' object has no attribute 'shape'")
_READS_IMAGE = re.compile(r"imread\(\s*r?['\"](?P<path>[^'\"]+)['\"]")
_FOREIGN = (
    (r"/content/drive|/content/gdrive|/gdrive", "a mounted Google Drive of Google Colab"),
    (r"/content\b", "Google Colab"),
    (r"(?:\.\./input|/kaggle/(?:input|working))\b", "Kaggle"),
    (r"/dbfs\b|dbfs:", "Databricks"),
    (r"[A-Za-z]:[\\/]|\\\\\w", "a Windows machine"),
    (r"/Users/", "somebody's Mac"),
    (r"/home/", "somebody's home folder"),
    (r"(?:/mnt|/media|/Volumes|/scratch|/data\d*|/nfs)/", "a disk of another machine"),
    (r"/", "the system, or another machine"),
)
_NLTK = re.compile(r"Resource\s+'?(?:\x1b\[\d+m)?(?P<name>\w+).*NLTK Downloader", re.DOTALL)
_DATABASE = "unable to open database file"


@dataclass(frozen=True)
class MissingFile:
    """Files and programs that are not where the notebook looks for them."""

    name: str = "missing-file"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a failure to open something."""
        failure = case.failure
        if failure is None or failure.cell is None or failure.exit_code != 1:
            return ()
        origin = failure_origin(case)
        if failure.type == "LookupError" and (match := _NLTK.search(failure.message)):
            return [_nltk_data(case, match["name"], origin)]
        path = _missing_path(failure, origin)
        if path is None:
            return ()
        name = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
        origin = origin or line_with(case, failure.cell, re.escape(name))
        if "_execute_child" in failure.traceback or "ExecutableNotFound" in failure.type:
            return [_program(case, name, origin)]
        if _is_written(failure, origin):
            return [_folder(case, path, origin)]
        return [_file(case, failure.cell, path, name, origin)]


def _nltk_data(case: Case, name: str, origin: Origin | None) -> Cause:
    """A data set of NLTK's, which a notebook downloads by itself where there is a network."""
    evidence = f"The data set {name} of NLTK is not installed."
    fix = f"`python -m nltk.downloader {name}` before the run."
    for cell, outputs in enumerate(case.run.outputs):
        line = line_with(case, cell, r"\bnltk\.download\(")
        if line is not None and outage_in_output(outputs or []) is not None:
            evidence += f" Line {line.line} of cell {cell} should download it, and did not reach the network."
            return failure_cause(case, "network", evidence, fix, line)
    return failure_cause(case, "missing-file", evidence, fix, origin)


def _missing_path(failure: Failure, origin: Origin | None) -> str | None:
    """The path that the failure names; None where it is not about a missing file."""
    message = failure.message
    if failure.type in ("ModuleNotFoundError", "ImportError", "NameError", "KeyError"):
        return None
    for wording in _WORDINGS:
        match = wording.search(message)
        if match:
            return match["path"].removeprefix("file://").removeprefix("file:")
    image = _READS_IMAGE.search(origin.code) if origin is not None else None
    if image is not None and _NO_IMAGE.search(message):
        return image["path"]
    told = failure.type == "FileNotFoundError" or _DATABASE in message
    return (_path_in_line(origin) or message.strip() or None) if told else None


def _path_in_line(origin: Origin | None) -> str | None:
    match = re.search(r"['\"]([^'\"]*[./\\][^'\"]*)['\"]", origin.code) if origin else None
    return match[1] if match else None


def _is_written(failure: Failure, origin: Origin | None) -> bool:
    if "non-existent directory" in failure.message:
        return True
    return origin is not None and writes_files(origin.code)


def _program(case: Case, name: str, origin: Origin | None) -> Cause:
    evidence = f"The program {name} is not installed, or not on the PATH of the kernel."
    return failure_cause(case, "missing-file", evidence, program_fix(name), origin)


def _folder(case: Case, path: str, origin: Origin | None) -> Cause:
    folder = path if origin is None or _names_folder(path) else re.split(r"[\\/]", path)[:-1]
    shown = folder if isinstance(folder, str) else "/".join(folder)
    evidence = f"The folder {shown or path} that the notebook writes to does not exist."
    fix = f"Make it first: `Path({shown or path!r}).mkdir(parents=True, exist_ok=True)`."
    return failure_cause(case, "missing-file", evidence, fix, origin)


def _names_folder(path: str) -> bool:
    return "." not in re.split(r"[\\/]", path)[-1]


def _file(case: Case, cell: int, path: str, name: str, origin: Origin | None) -> Cause:
    maker = maker_of(case, name, cell)
    if maker is not None and maker.downloads and (lost := not_downloaded(case, path, maker)):
        return lost
    moved = failed_change(case, cell) if _is_relative(path) else None
    if moved is not None:
        return _after_change(case, path, *moved)
    known = _nearby(case, name)
    parts = [f"{path} does not exist.", *lost_downloads(case, cell)]
    fix = "Put the file there, or let the notebook make or download it."
    foreign = _foreign(path)
    if foreign:
        parts.append(f"The path belongs to {foreign}.")
        fix = "Keep the file beside the notebook, and give a path relative to it."
    if maker is not None:
        said, fix = _made(case, cell, maker)
        parts.append(said)
    if known:
        parts.append(f"There is {known}.")
        fix = f"Read {known} instead." if maker is None else fix
    return failure_cause(case, "missing-file", " ".join(parts), fix, origin)


def _made(case: Case, cell: int, maker: Maker) -> tuple[str, str]:
    line = f"line {maker.line.line} of cell {maker.line.cell}"
    if maker.commented:
        return (
            f"The line that would make it is commented out: {line}.",
            f"Let {line} run, or keep the file with the notebook.",
        )
    if maker.line.cell > cell:
        return (
            f"It is made only later, by {line}.",
            f"Move cell {maker.line.cell} above cell {cell}.",
        )
    if case.run.statuses[maker.line.cell] is CellStatus.SKIPPED:
        return (
            f"{line.capitalize()} makes it, and the notebook asks for that cell to be skipped.",
            f"Let cell {maker.line.cell} run.",
        )
    return (
        f"{line.capitalize()} should have made it, and did not in this run.",
        f"Look at what {line} does in a fresh kernel.",
    )


def _is_relative(path: str) -> bool:
    return re.match(r"[/\\~]|[A-Za-z]:", path) is None


def _after_change(case: Case, path: str, line: Origin, folder: str) -> Cause:
    """What follows from a change of folder that failed."""
    evidence = (
        f"{path} does not exist: line {line.line} of cell {line.cell} changes into {folder}, which does not exist,"
        " so that the file is looked for elsewhere."
    )
    fix = f"Read the file by a path relative to the notebook, without the change into {folder}."
    return failure_cause(case, "missing-file", evidence, fix, line)


def _foreign(path: str) -> str:
    return next((place for pattern, place in _FOREIGN if re.match(pattern, path)), "")


def _nearby(case: Case, name: str) -> str | None:
    """A file of the project that has the same name, or the name in other letters, or packed."""
    wanted = name.lower()
    packed = [f"{wanted}.{ending}" for ending in ("gz", "zip", "bz2", "xz")]
    for accepted in ([wanted], packed):
        for path in project_files(case):
            if path.name.lower() in accepted:
                return shown_path(case, path)
    return None
