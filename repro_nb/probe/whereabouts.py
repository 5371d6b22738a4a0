"""Where the notebook lies that this kernel runs: a kernel is not told, but leaves can be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional

from repro_nb.errors import UsageError

__all__ = ["find_notebook", "notebook_path"]

_HINT = "Save it, or name it: %repro_verify path/to/notebook.ipynb"


def notebook_path(
    user_ns: Mapping[str, Any],
    started_in: str,
    environ: Mapping[str, str] = os.environ,
) -> Optional[Path]:
    """Path of the running notebook, as far as the front end told the kernel; it need not exist.

    VS Code leaves it in the user's namespace. Jupyter Server (2 and later) leaves a path made of the notebook's
    folder and the session's name in ``JPY_SESSION_NAME``; some front ends give the name with folders, and some
    give a path that starts at the server's root. The kernel starts in the notebook's folder, so the name found
    there counts as well. The path that exists wins; else the front end's own.

    Args:
        user_ns: The user's namespace.
        started_in: The folder that the kernel was started in; the notebook may have left it since.
        environ: The environment variables.

    Returns:
        An absolute path; None when no front end left a trace.
    """
    candidates = list(_candidates(user_ns, Path(started_in), environ))
    existing = (path for path in candidates if path.is_file())
    return next(existing, candidates[0] if candidates else None)


def find_notebook(given: Optional[str], user_ns: Mapping[str, Any], started_in: str) -> Path:
    """The notebook's file: the one that the user names, else the one that is running.

    Args:
        given: What the user named, relative to the current folder; None for the running notebook.
        user_ns: The user's namespace.
        started_in: The folder that the kernel was started in.

    Raises:
        UsageError: There is no such file, or the front end did not tell which notebook runs.
    """
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise UsageError("there is no such file", where=given)
        return path
    found = notebook_path(user_ns, started_in)
    if found is None:
        raise UsageError(
            "this front end does not tell the kernel which notebook it runs",
            hint="Name it: %repro_verify path/to/notebook.ipynb",
        )
    if not found.is_file():
        raise UsageError(
            "the notebook is not there: it was never saved, or was renamed",
            where=str(found),
            hint=_HINT,
        )
    return found


def _candidates(
    user_ns: Mapping[str, Any], started_in: Path, environ: Mapping[str, str]
) -> Iterator[Path]:
    vscode = user_ns.get("__vsc_ipynb_file__")
    if isinstance(vscode, str) and vscode:
        yield started_in / vscode
    session = environ.get("JPY_SESSION_NAME", "")
    # A console or a file browser's session is named by a UUID: it runs no notebook.
    if session.endswith(".ipynb"):
        path = started_in / session
        yield path
        # Real-time collaboration names its drive: "RTC:survey.ipynb".
        yield path.with_name(path.name.rpartition(":")[2])
        yield started_in / path.name.rpartition(":")[2]
        yield from (folder / session for folder in started_in.parents)
