"""The startup file that loads the extension in every kernel and IPython shell of an environment.

Its first line holds the digest of the rest, so that a file which somebody edited is known, and left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from enum import StrEnum
from pathlib import Path

from repro_nb.errors import UsageError
from repro_nb.files import write_atomically

__all__ = ["StartupState", "disable", "enable", "startup_file", "startup_state"]

_FILE = "50-repro_nb.py"
_HEADER = "# repro_nb startup file; sha256 of all that follows: "
_FOLDERS = re.compile(r"^# Folders made for it: (\d+)$", re.MULTILINE)
# It is run in the user's namespace, so it leaves no name there. The extension's own loader is called, not IPython's:
# then `%load_ext repro_nb` in a notebook goes on to say nothing, as it does where this file is absent.
_BODY = """\
# `repro-nb enable` wrote this file and `repro-nb disable` removes it, unless it was edited.
# IPython runs it when a kernel or a shell starts.
# Folders made for it: {folders}


def _load_repro_nb():
    import importlib.util
    import sys

    try:
        if importlib.util.find_spec("repro_nb") is not None:
            import repro_nb

            repro_nb.load_ipython_extension(get_ipython())
    except Exception as error:
        print(f"repro_nb was not loaded: {{type(error).__name__}}: {{error}}", file=sys.stderr)


_load_repro_nb()
del _load_repro_nb
"""


class StartupState(StrEnum):
    """What is at the startup file's place."""

    ABSENT = "absent"
    OURS = "ours"
    CHANGED = "changed"
    """Something that repro_nb did not write so."""


def _ipython_folder() -> Path:
    """Where IPython keeps its profiles; its own function for it would make the folder."""
    return Path(os.environ.get("IPYTHONDIR") or "~/.ipython").expanduser()


def startup_file(profile: str | None = None) -> Path:
    """Where the startup file belongs.

    Args:
        profile: An IPython profile of the user. If None: the environment that this process runs in where that is
            a virtual one, so that all its kernels are reached and no others; else the default profile.

    Raises:
        UsageError: There is no such profile.
    """
    from jupyter_core.paths import prefer_environment_over_user  # noqa: PLC0415 - slow

    if profile is None and prefer_environment_over_user():
        return Path(sys.prefix) / "etc" / "ipython" / "startup" / _FILE
    folder = _ipython_folder() / f"profile_{profile or 'default'}"
    if profile is not None and not (re.fullmatch(r"[\w.-]+", profile) and folder.is_dir()):
        raise UsageError(
            f"there is no IPython profile {profile!r}",
            where=str(folder.parent),
            hint="`ipython profile list` shows those that there are.",
        )
    return folder / "startup" / _FILE


def startup_state(path: Path) -> StartupState:
    """What is at `path`.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return StartupState.ABSENT
    except OSError as problem:
        raise _unusable(path, problem) from problem
    header, _, body = content.partition(b"\n")
    ours = header == _header(body)
    return StartupState.OURS if ours else StartupState.CHANGED


def enable(path: Path) -> bool:
    """Write the startup file, with the folders that it needs.

    Args:
        path: What `startup_file` gave.

    Returns:
        Whether anything had to be done.

    Raises:
        UsageError: Another file is there, or it cannot be written.
    """
    state = _checked(path)
    folders = _folders_made(path) if state is StartupState.OURS else _missing_folders(path)
    body = _BODY.format(folders=folders).encode()
    content = _header(body) + b"\n" + body
    if state is StartupState.OURS and path.read_bytes() == content:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as problem:
        _remove_empty(path.parent, folders)
        raise _unusable(path, problem) from problem
    return True


def disable(path: Path) -> bool:
    """Remove the startup file, and the folders that were made for it if nothing else came to lie there.

    Args:
        path: What `startup_file` gave.

    Returns:
        Whether anything had to be done.

    Raises:
        UsageError: The file was edited, or cannot be removed.
    """
    if _checked(path) is StartupState.ABSENT:
        return False
    folders = _folders_made(path)
    try:
        path.unlink()
    except OSError as problem:
        raise _unusable(path, problem) from problem
    _remove_empty(path.parent, folders)
    return True


def _checked(path: Path) -> StartupState:
    state = startup_state(path)
    if state is StartupState.CHANGED:
        raise UsageError(
            "this file is not as repro_nb wrote it, and is left as it is",
            where=str(path),
            hint="Remove or rename it yourself.",
        )
    return state


def _header(body: bytes) -> bytes:
    return f"{_HEADER}{hashlib.sha256(body).hexdigest()}".encode()


def _folders_made(path: Path) -> int:
    made = _FOLDERS.search(path.read_text("utf-8"))
    return int(made[1]) if made else 0


def _missing_folders(path: Path) -> int:
    return sum(not folder.exists() for folder in path.parents)


def _remove_empty(folder: Path, levels: int) -> None:
    """Remove `folder` and those above it, `levels` in all, up to the first one that is in use."""
    for candidate in (folder, *folder.parents)[:levels]:
        try:
            candidate.rmdir()
        except OSError:
            return


def _unusable(path: Path, problem: OSError) -> UsageError:
    return UsageError(
        f"this cannot be read or written: {problem.strerror or problem}", where=str(path)
    )
