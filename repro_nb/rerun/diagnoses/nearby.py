"""What lies in the project's folder: looked for by name, within bounds, and never opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun.isolation import project_folder

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["project_files", "shown_path"]

_MOST = 20_000
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "venv", "env"})


def project_files(case: Case) -> Iterator[Path]:
    """The files of the notebook's project, nearest first: of the first 20,000, hidden folders left out."""
    yield from islice(_walk(case.notebook.path), _MOST)


def shown_path(case: Case, path: Path) -> str:
    """A path as seen from the notebook, with slashes."""
    return Path(os.path.relpath(path, case.notebook.path.parent)).as_posix()


def _walk(notebook: Path) -> Iterator[Path]:
    seen: set[str] = set()
    project = project_folder(notebook)
    for start in (notebook.parent, *notebook.parent.parents):
        for root, folders, files in os.walk(start):
            seen.add(root)
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".")
                and name not in _SKIPPED
                and os.path.join(root, name) not in seen  # noqa: PTH118  os.walk gives text
            )
            yield from (Path(root) / name for name in sorted(files))
        if start == project:
            return
