"""Older versions of a notebook in the history of its git repository: read, never checked out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro_nb.recording.align import CellKey
from repro_nb.records import source_digest

__all__ = ["OldCell", "older_versions"]

_MOST = 20
_SECONDS = 20


@dataclass(frozen=True)
class OldCell:
    """A code cell of an older version.

    Attributes:
        key: What it is recognised by.
        source: Its text.
        outputs: Its saved outputs.
    """

    key: CellKey
    source: str
    outputs: tuple[Mapping[str, Any], ...]


def older_versions(notebook: Path) -> Iterator[tuple[str, tuple[OldCell, ...]]]:
    """The committed versions of a notebook, newest first: an abbreviated commit and its code cells.

    At most twenty; nothing where there is no repository, no git, or a version is no notebook of format 4.

    Args:
        notebook: Absolute path.
    """
    listing = _git(notebook.parent, "rev-list", f"--max-count={_MOST}", "HEAD", "--", notebook.name)
    for commit in listing.split():
        text = _git(notebook.parent, "cat-file", "blob", f"{commit}:./{notebook.name}")
        cells = _code_cells(text)
        if cells is not None:
            yield commit[:10], cells


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty where it fails. Only plumbing that runs no hook and no filter, and fetches nothing."""
    if shutil.which("git") is None:
        return ""
    # A hook's own variables would lead to another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # A repository that lacks objects would fetch them, by a program that its own settings name.
    environment.update(GIT_NO_LAZY_FETCH="1", GIT_ALLOW_PROTOCOL="none")
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  our own command, and a path as its argument
            command, cwd=folder, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _code_cells(text: str) -> tuple[OldCell, ...] | None:
    try:
        node = json.loads(text)
        return tuple(_cells(node["cells"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _cells(cells: Sequence[Any]) -> Iterator[OldCell]:
    index = 0
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        source = _joined(cell["source"])
        digest = source_digest(source)
        key = CellKey(cell.get("id") or f"{index}-{digest}", digest)
        yield OldCell(key, source, tuple(cell.get("outputs") or ()))
        index += 1


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
