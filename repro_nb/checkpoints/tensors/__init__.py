"""Tensors of checkpoints in many formats, read as data: nothing is imported, called or unpickled."""

from __future__ import annotations

from repro_nb.checkpoints.tensors.entries import Entry, Place, TensorEntry, Tensors, ValueEntry
from repro_nb.checkpoints.tensors.formats import open_folder, open_tensors, opened_tensors

__all__ = [
    "Entry",
    "Place",
    "TensorEntry",
    "Tensors",
    "ValueEntry",
    "open_folder",
    "open_tensors",
    "opened_tensors",
]
