"""The registry ``checkpoints.repro.jsonl``: append-only, locked, and checking itself.

A registration is acknowledged once it is on the disk. Nothing is ever rewritten: a new registration takes the place of
older ones by naming their lines, so that two branches merge by the union of their lines, in whatever order.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from repro_nb.checkpoints.locking import locked
from repro_nb.checkpoints.names import REGISTRY
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.registry_lines import DamagedLine, line_of, opening, read_line
from repro_nb.errors import RegistryError

__all__ = ["History", "Registry"]


_WRITERS_PATIENCE = 60.0
"""Seconds that a registration waits for others."""

_READERS_PATIENCE = 2.0
"""Seconds after which a reader goes without the lock: somebody holds it for longer than a registration takes."""


@dataclass(frozen=True, kw_only=True)
class History:
    """All that a registry says.

    Attributes:
        registrations: Every line that can be taken at its word, in the file's order, each one once.
        damaged: The other lines.
    """

    registrations: tuple[Registration, ...] = ()
    damaged: tuple[DamagedLine, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Names of the checkpoints that are registered now, in the order of their first registration."""
        return tuple(name for name in self._by_name if self.current(name) is not None)

    def of(self, name: str) -> tuple[Registration, ...]:
        """All that was ever said of a checkpoint, the oldest first."""
        return tuple(self._by_name.get(name, ()))

    def heads(self, name: str) -> tuple[Registration, ...]:
        """The lines about a checkpoint that none takes the place of; several where branches were merged."""
        return _heads(self.of(name))

    def current(self, name: str) -> Registration | None:
        """What holds of a checkpoint; None where it is not registered, or was removed."""
        heads = self.heads(name)
        last = max(heads, key=lambda head: (head.time, head.number), default=None)
        return last if last is not None and last.event is Event.REGISTERED else None

    def doubtful(self) -> tuple[DamagedLine, ...]:
        """The damaged lines for which something may be missing: no later line is about the same checkpoint."""
        return tuple(line for line in self.damaged if not line.harmless and not self._redone(line))

    def _redone(self, line: DamagedLine) -> bool:
        return self._last_lines.get(line.checkpoint, 0) > line.number

    @cached_property
    def _by_name(self) -> dict[str, list[Registration]]:
        found: dict[str, list[Registration]] = {}
        for each in self.registrations:
            found.setdefault(each.checkpoint, []).append(each)
        return found

    @cached_property
    def _last_lines(self) -> dict[str, int]:
        return {each.checkpoint: each.number for each in self.registrations}


class Registry:
    """The registry of a folder. It need not exist to be read.

    Args:
        directory: The folder.

    Attributes:
        path: The registry's file.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / REGISTRY

    def read(self) -> History:
        """All that the registry says; nothing where there is none.

        Raises:
            RegistryError: It cannot be read.
        """
        with self._errors("read"):
            try:
                descriptor = _open(self.path, os.O_RDONLY)
            except FileNotFoundError:
                return History()
            try:
                content = _read_shared(descriptor)
            finally:
                os.close(descriptor)
        return _history(content)

    def append(self, registration: Registration, *, only_first: bool = False) -> None:
        """Add a line. When this returns, it is on the disk.

        Args:
            registration: What the line says; the lines that it takes the place of are added to it.
            only_first: Leave it out where there is a line about that checkpoint already.

        Raises:
            RegistryError: It cannot be written; the registry is as it was before.
        """
        with self._errors("written"), _alone(self.path) as descriptor:
            content = _read_all(descriptor)
            after = _replaced_by(registration, content)
            if after and only_first:
                return
            line = line_of(replace(registration, after=after))
            torn = bool(content) and not content.endswith(b"\n")
            _write(descriptor, b"\n" * torn + line + b"\n", len(content))
            if not content:
                _sync_folder(self.path.parent)

    @contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise RegistryError(
                f"the registry cannot be {done}: {problem.strerror or problem}",
                where=str(self.path),
                hint="Is the folder writable, and is there space left?"
                if done == "written"
                else None,
            ) from problem


def _history(content: bytes) -> History:
    """What the content of a file says that is there: registering never leaves one without a line."""
    if not content.strip():
        lost = DamagedLine(
            number=1, checkpoint="", reason="the file is empty: what it said, if anything, is lost"
        )
        return History(damaged=(lost,))
    lines = content.split(b"\n")
    complete = len(lines) - 1
    said = [
        read_line(number, line.removesuffix(b"\r"), complete=number <= complete)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    # A merge by union can bring a line twice.
    good = {each.line: each for each in said if isinstance(each, Registration)}
    return History(
        registrations=tuple(good.values()),
        damaged=tuple(each for each in said if isinstance(each, DamagedLine)),
    )


def _replaced_by(registration: Registration, content: bytes) -> tuple[str, ...]:
    """Digests of the lines that a registration takes the place of; only lines about the same checkpoint are parsed."""
    start = opening(registration.checkpoint)
    lines = [line for line in content.split(b"\n") if line.startswith(start)]
    history = _history(b"\n".join([*lines, b""])) if lines else History()
    return tuple(head.line for head in history.heads(registration.checkpoint))


def _heads(registrations: Sequence[Registration]) -> tuple[Registration, ...]:
    replaced = {line for each in registrations for line in each.after}
    return tuple(each for each in registrations if each.line not in replaced)


def _open(path: Path, flags: int) -> int:
    """Open a regular file; opening a pipe would wait for its other end."""
    descriptor = os.open(
        path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o666
    )
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is no regular file")
    return descriptor


def _read_shared(descriptor: int) -> bytes:
    """The content, once no writer is at work; without a lock, a line that is being written may show half of it."""
    try:
        with locked(descriptor, alone=False, patience=_READERS_PATIENCE):
            return _read_all(descriptor)
    except OSError:
        return _read_all(descriptor)


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The file, open for appending, with no other writer; made where there is none."""
    while True:
        descriptor = _open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            with locked(descriptor, alone=True, patience=_WRITERS_PATIENCE):
                if _is_still(path, descriptor):
                    yield descriptor
                    return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file still has its name: while we waited, git may have put another one in its place."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()


def _write(descriptor: int, content: bytes, size: int) -> None:
    """Append to a file of `size` bytes, and bring it to the disk; what fails half-way is taken back."""
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
