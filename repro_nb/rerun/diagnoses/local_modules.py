"""Modules of the project's own: files that an import would find from another folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.nearby import project_files

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["local_module"]


def local_module(case: Case, name: str) -> Path | None:
    """The file or folder in the project that the top-level module `name` could be; None where there is none.

    Args:
        case: The case.
        name: The module's name without dots.
    """
    for path in project_files(case):
        if path.name in (f"{name}.py", f"{name}.ipynb") and path != case.notebook.path:
            return path
        if path.suffix == ".py" and path.parent.name == name:
            return path.parent
    return None
