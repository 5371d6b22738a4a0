"""Which commit is checked out, and a digest of what differs from it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["GitState", "git_state"]

_SECONDS = 10
"""Longest time for one of git's commands: a checkpoint is registered all the same."""

_LARGEST = 16 << 20
"""Bytes up to which the content of a file counts; of larger ones, checkpoints for instance, name and
size do."""


@dataclass(frozen=True, kw_only=True)
class GitState:
    """A working tree.

    Attributes:
        commit: Full name of the commit; empty outside a repository, and before the first commit.
        dirty: Digest of all that differs from it; empty where nothing does, or where it took too long.
    """

    commit: str = ""
    dirty: str = ""


def git_state(folder: Path) -> GitState:
    """The state of the working tree that `folder` lies in."""
    git = shutil.which("git")
    if git is None or not folder.is_dir():
        return GitState()
    commit = (
        _output(git, folder, "rev-parse", "--verify", "--quiet", "HEAD")
        .strip()
        .decode("ascii", "replace")
    )
    if not commit:
        return GitState()
    return GitState(commit=commit, dirty=_dirty(git, folder))


def _dirty(git: str, folder: Path) -> str:
    """Digest of the files that differ from the commit, and of those that git neither tracks nor ignores."""
    root = Path(os.fsdecode(_output(git, folder, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    only_names = ("diff", "--name-only", "--no-ext-diff", "--ignore-submodules=all", "-z", "HEAD")
    changed = _output(git, root, *_without_filters(git, root), *only_names)
    untracked = _output(git, root, "ls-files", "--others", "--exclude-standard", "-z")
    names = {*changed.split(b"\0"), *untracked.split(b"\0")}
    differing = [name for name in sorted(names) if name and not _is_own(name)]
    digest = hashlib.blake2b(digest_size=16)
    for name in differing:
        digest.update(_described(root, name))
    return digest.hexdigest() if differing else ""


_FILTERS = (
    *("--includes", "--name-only", "-z", "--get-regexp"),
    r"^filter\..*\.(clean|process|required)$",
)


def _without_filters(git: str, root: Path) -> list[str]:
    """Options that switch off the filters of the repository's own settings: those are commands, and git would run them.

    Filters of the user's and the system's settings, such as git-lfs, stay.
    """
    keys = [
        os.fsdecode(key)
        for scope in ("--local", "--worktree")
        for key in _output(git, root, "config", scope, *_FILTERS).split(b"\0")
    ]
    return [word for key in dict.fromkeys(keys) if key for word in ("-c", f"{key}=")]


def _is_own(name: bytes) -> bool:
    """The registry grows with every registration, which changes nothing of the code."""
    return name.rpartition(b"/")[2] == b"checkpoints.repro.jsonl"


def _described(root: Path, name: bytes) -> bytes:
    path = root / os.fsdecode(name)
    try:
        size = path.lstat().st_size
        regular = path.is_file() and not path.is_symlink()
        content = path.read_bytes() if regular and size <= _LARGEST else b""
    except OSError:
        return b"%b\0gone\0" % name
    return b"%b\0%d\0%b" % (name, size, hashlib.blake2b(content).digest())


def _output(git: str, folder: Path, *words: str) -> bytes:
    """What a command of git's prints; empty where it fails or takes too long. It writes nothing, its index neither."""
    command: Sequence[str] = (git, "-c", "core.fsmonitor=false", "-C", str(folder), *words)
    try:
        done = subprocess.run(  # noqa: S603 - git itself, with words of ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""
