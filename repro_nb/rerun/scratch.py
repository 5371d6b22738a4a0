"""Private folders of runs, which go away with the run, or, after a crash, with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

__all__ = ["scratch_folder"]

_PREFIX = "repro_nb-"
_LOCK = "lock"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, removed on exit; folders that a killed process left there are removed, too."""
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    _try_lock(lock)
    try:
        yield folder
    finally:
        os.close(lock)
        _remove(folder)


def _try_lock(descriptor: int) -> bool:
    """Take the lock that says "in use"; it falls with the process that holds it."""
    try:
        import fcntl  # noqa: PLC0415  not everywhere
    except ImportError:  # Windows: nothing is swept there
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@cache
def _sweep(parent: Path) -> None:
    """Remove the scratch folders in `parent` that nobody holds any more."""
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # another user's, or gone meanwhile
            descriptor = os.open(lock, os.O_RDWR)
            try:
                if _try_lock(descriptor):
                    _remove(lock.parent)
            finally:
                os.close(descriptor)


def _remove(folder: Path) -> None:
    """Remove a scratch folder; the kernel leaves overlay's ``work`` in it without any permission."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root) / name
            if not path.is_symlink() and not os.access(path, os.R_OK | os.W_OK | os.X_OK):
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
