"""Report files: written whole, and never over anything but an earlier report."""

from __future__ import annotations

from pathlib import Path

from repro_nb.errors import UsageError
from repro_nb.files import write_atomically

__all__ = ["check_target", "write_report"]

_MARK = b"<!-- a report of repro_nb -->\n"
"""Ends every report in HTML and Markdown, where it is a comment, so that the next one may take its place."""

_JSON = b'"schema": "repro_nb/'
_HEAD = 200
"""Bytes at the start of our JSON that name its schema."""


def check_target(path: Path) -> None:
    """Make sure that a report may be written to `path`: there is nothing, an empty file, or an earlier report.

    Raises:
        UsageError: There is something else, or what is no file.
    """
    if not path.exists():
        return
    if not path.is_file() or path.is_relative_to("/dev") or path.is_relative_to("/proc"):
        raise UsageError("a report goes into a file", where=str(path))
    try:
        content = path.read_bytes() if path.stat().st_size < _LARGEST else b"no report"
    except OSError as problem:
        raise UsageError(
            f"the report cannot be written: {problem.strerror or problem}", where=str(path)
        ) from problem
    if content and not content.endswith(_MARK) and _JSON not in content[:_HEAD]:
        raise UsageError(
            "there is a file already, and it is no earlier report",
            where=str(path),
            hint="Name another file, or remove this one.",
        )


_LARGEST = 1 << 28
"""Bytes that no report has."""


def write_report(path: Path, content: str) -> None:
    """Write a report.

    Raises:
        UsageError: It cannot be written, or would replace something else.
    """
    check_target(path)
    data = content.encode("utf-8", "backslashreplace")
    if not content.startswith("{"):
        data += _MARK
    try:
        write_atomically(path, data)
    except OSError as problem:
        raise UsageError(
            f"the report cannot be written: {problem.strerror or problem}", where=str(path)
        ) from problem
