"""The watch that ``%repro_checkpoint --watch`` turns on: what a cell writes is registered when the cell has ended."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List

from repro_nb.errors import ReproError
from repro_nb.probe.checkpoint_watch import CheckpointWatch
from repro_nb.probe.session import session
from repro_nb.probe.writing_cell import WritingCell, writing_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Watching", "relative"]


class Watching:
    """Registers each checkpoint that a cell writes, once the cell has ended, and shows nothing.

    Of a file that a cell writes many times, only the last content is registered; one that is renamed in the same cell,
    under its last name. What lies in a folder that is a checkpoint is part of it. A folder that is still being written
    when the cell ends (Orbax writes in the background) is registered after the first cell that finds it whole.

    Args:
        shell: The shell whose cells are watched.

    Attributes:
        registered: What was registered: path and digest.
        missed: What was not, with the reason.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.registered: Dict[str, str] = {}
        self.missed: Dict[str, str] = {}
        self._shell = shell
        self._waiting: Dict[str, WritingCell] = {}
        self._watch = CheckpointWatch(self._written, self._failed, self._moved)

    def start(self) -> None:
        """Begin to watch."""
        self._watch.install()
        self._shell.events.register("post_run_cell", self._register)
        session.checkpoint_watch = self

    def stop(self) -> None:
        """Stop, and put everything back."""
        self._watch.uninstall()
        self._shell.events.unregister("post_run_cell", self._register)
        session.checkpoint_watch = None

    def _written(self, path: str) -> None:
        self._waiting[path] = writing_cell()

    def _moved(self, old: str, new: str) -> None:
        """Follow a file, or all that was written into a folder, to its new name."""
        for path in list(self._waiting):
            if path == old or path.startswith(os.path.join(old, "")):  # noqa: PTH118 - texts
                self._waiting[new + path[len(old) :]] = self._waiting.pop(path)

    def _failed(self, fault: Exception) -> None:
        self._miss("a checkpoint", f"{type(fault).__name__}: {fault}")

    def _register(self, _: Any) -> None:
        """Register what is there; what is not there yet, or not any more, waits for the end of another cell."""
        there: List[str] = [path for path in self._waiting if Path(path).exists()]
        for path in there:
            cell = self._waiting.pop(path)
            if any(str(folder) in there for folder in Path(path).parents):
                continue  # torch.distributed writes the files of its folder by torch.save
            try:
                with _warnings_told(path, self.shown(path)):
                    self.registered[path] = _registered(path, cell, self._shell.starting_dir)
                self.missed.pop(path, None)
            except (ReproError, ImportError, OSError) as fault:
                self._miss(path, _why(fault))

    def _miss(self, path: str, reason: str) -> None:
        self.missed[path] = reason
        _tell(f"{self.shown(path)} was not registered: {reason}")

    def shown(self, path: str) -> str:
        """A path relative to the notebook's folder: what is shown is saved, and says nothing of this machine."""
        return relative(path, self._shell.starting_dir)


def relative(path: str, folder: str) -> str:
    """`path` as seen from `folder`; absolute paths alone become others, or those on another drive do not."""
    try:
        return os.path.relpath(path, folder) if os.path.isabs(path) else path  # noqa: PTH117 - texts
    except ValueError:  # another drive
        return path


def _why(fault: Exception) -> str:
    """What went wrong, in one line; where is told beside it."""
    text = fault.message if isinstance(fault, ReproError) else str(fault)
    return " ".join(text.split())


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - for the cell's output


@contextmanager
def _warnings_told(path: str, shown: str) -> Iterator[None]:
    """Our warnings as plain lines for as long as the block lasts."""
    from repro_nb.checkpoints.warning import told_plainly

    with told_plainly(lambda text: _tell(f"warning: {text.replace(path, shown)}")):
        yield


def _registered(path: str, cell: WritingCell, started_in: str) -> str:
    """Register a checkpoint; gives its digest."""
    from repro_nb.checkpoints.names import REGISTRY, registry_folder
    from repro_nb.checkpoints.provenance import capture_provenance
    from repro_nb.checkpoints.verifier import CheckpointVerifier
    from repro_nb.errors import UsageError

    folder = registry_folder(path)
    if not (folder / REGISTRY).is_file() and Path(started_in).resolve() not in (
        folder.resolve(),
        *folder.resolve().parents,
    ):
        raise UsageError("it lies outside the notebook's folder, and no registry is above it")
    verifier = CheckpointVerifier(folder)
    return verifier.register_checkpoint(path, provenance=capture_provenance(folder, cell))
