"""Where the registry is that a verb of ``repro-nb checkpoint`` works on, and how its results end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro_nb.cli.checkpoint.path_type import LocalPath
from repro_nb.errors import UsageError
from repro_nb.pages.one_line import one_line

if TYPE_CHECKING:
    from repro_nb.checkpoints.report.verify_wording import Report
    from repro_nb.checkpoints.verifier import CheckpointVerifier

__all__ = [
    "as_json_option",
    "check_registered",
    "exit_code",
    "grouped",
    "has_registry",
    "nearest_registry",
    "registry_option",
    "verifier_for",
]

_FAILED = 1
_UNDECIDED = 3
_REGISTER = "Register a checkpoint first: repro-nb checkpoint register PATH"

registry_option = click.option(
    "--registry",
    type=LocalPath(exists=True, file_okay=False),
    metavar="DIR",
    help="Folder of the registry. [default: the nearest one above the checkpoint that has one, else its own folder]",
)
as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)


def verifier_for(directory: Path, algorithm: str = "sha256") -> CheckpointVerifier:
    """The verifier of a folder that exists: a wrong name must not make one."""
    from repro_nb.checkpoints.verifier import CheckpointVerifier  # noqa: PLC0415 - slow

    if not directory.is_dir():
        raise UsageError("there is no such folder", where=str(directory))
    return CheckpointVerifier(directory, algorithm=algorithm)


def grouped(paths: Iterable[str | Path], registry: Path | None) -> dict[Path, list[str | Path]]:
    """The absolute paths of checkpoints, and their addresses, by the folder of their registry."""
    from repro_nb.checkpoints.names import registry_folder  # noqa: PLC0415 - slow

    found: dict[Path, list[str | Path]] = {}
    for path in paths:
        folder = registry if registry is not None else shown(registry_folder(path))
        found.setdefault(folder, []).append(path.absolute() if isinstance(path, Path) else path)
    return found


def has_registry(folder: Path) -> bool:
    """Whether a registry lies in a folder, ours or the older toolkit's."""
    from repro_nb.checkpoints.names import REGISTRY  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.older_registry import OLDER  # noqa: PLC0415 - slow

    return (folder / REGISTRY).is_file() or (folder / OLDER).is_file()


def nearest_registry(directory: Path | None) -> Path:
    """The folder whose registry is meant: the one that was named, else the current one or the nearest above it.

    Where none of these has one, it is the current folder.
    """
    if directory is not None:
        return directory
    here = Path.cwd()
    found = next(filter(has_registry, (here, *here.parents)), here)
    if found != here:
        click.echo(f"the registry is that of {one_line(found)}", err=True)
    return shown(found)


def check_registered(report: Report) -> Report:
    """The report, if there is anything in it: nothing that was verified is no pass.

    Raises:
        UsageError: No checkpoint is registered.
    """
    if report.examinations:
        return report
    folder = Path(report.directory)
    what = "no checkpoint is registered" if has_registry(folder) else "there is no registry"
    raise UsageError(
        f"{what} here: nothing was verified", where=str(folder.resolve()), hint=_REGISTER
    )


def shown(folder: Path) -> Path:
    """A folder relative to the current one where it lies in it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def exit_code(reports: Sequence[Report]) -> int:
    """3 where something could not be judged, 1 where something does not verify; what is trusted on demand is fine."""
    from repro_nb.checkpoints.examining import Undecided  # noqa: PLC0415 - slow

    found = [each for report in reports for each in report.examinations]
    codes = {
        Undecided.NO: _FAILED,
        Undecided.TRUSTED: 0,
        Undecided.CHANGED: _UNDECIDED,
        Undecided.UNKNOWN: _UNDECIDED,
    }
    return max((codes[each.undecided] for each in found if not each.verification), default=0)
