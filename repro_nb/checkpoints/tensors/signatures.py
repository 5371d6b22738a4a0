"""Which files hold tensors, told by their names and their first bytes."""

from __future__ import annotations

from pathlib import Path

from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.tensors import gguf, hdf5
from repro_nb.checkpoints.tensors.npy import MAGIC
from repro_nb.checkpoints.tensors.safetensors import looks_like_safetensors
from repro_nb.checkpoints.tensors.sources import read
from repro_nb.checkpoints.tensors.zip_archive import ZIP

__all__ = ["SNIFFED", "is_tensor_file"]

SNIFFED = 16
"""Bytes at the start of a file that tell its format."""

_SUFFIXES = frozenset(
    {
        *(".pt", ".pth", ".ckpt", ".safetensors", ".npz", ".npy", ".h5", ".hdf5", ".keras"),
        *(".gguf", ".onnx", ".msgpack", ".ot", ".tflite"),
    }
)
"""Suffixes that only files of tensors have, those of formats that are not read among them."""

_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))


def is_tensor_file(path: Path) -> bool:
    """Whether a file holds tensors, as far as its name and its first bytes tell.

    Raises:
        CheckpointError: It cannot be read.
    """
    if path.suffix.lower() in _SUFFIXES:
        return True
    with open_regular(path) as file:
        size = file.size
        start = read(file, 0, min(SNIFFED, size))
    if start.startswith((ZIP, MAGIC, gguf.MAGIC, hdf5.MAGIC, *_PICKLES)):
        return True
    # In a text, the eight characters before a brace are the length of no header.
    return looks_like_safetensors(start) and int.from_bytes(start[:8], "little") < size
