"""What code reads and assigns, from a cell's names or a function on: found, copied, and put back."""

from __future__ import annotations

from repro_nb.workspace.names import global_names
from repro_nb.workspace.workspace import Workspace

__all__ = ["Workspace", "global_names"]
