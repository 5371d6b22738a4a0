"""Loading what was verified: tensors as numpy arrays, and never code."""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro_nb.checkpoints.expected import parse_expected
from repro_nb.checkpoints.names import name_of, registry_folder
from repro_nb.checkpoints.opening import check_digest, open_regular
from repro_nb.checkpoints.registry import Registry
from repro_nb.checkpoints.remote import is_remote, shown
from repro_nb.checkpoints.remote_measuring import local_copy
from repro_nb.checkpoints.tensors import TensorEntry, Tensors, open_folder, opened_tensors
from repro_nb.checkpoints.tensors.dtypes import dtype_named
from repro_nb.checkpoints.tensors.extras import numpy
from repro_nb.checkpoints.tensors.numbers import numpy_dtype
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.checkpoints.warning import warn_of_weakness
from repro_nb.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

__all__ = ["array_of", "load_verified"]


def load_verified(
    path: str | os.PathLike[str], expected: str | None = None, algorithm: str = "sha256"
) -> dict[str, Array]:
    """The tensors of a checkpoint whose digest is the expected one, as arrays by name; nothing is unpickled.

    What is read is what was hashed: a file stays open in between, and one that is written or replaced meanwhile is
    refused. Values beside the tensors (the number of an epoch, options) are left out; `open_tensors` has them.

    Args:
        path: A file, a folder, or an address such as ``s3://bucket/model.pt``.
        expected: Its whole digest, with or without ``sha256:`` before it; what its registry says when None, which for
            an address is that of the current folder.
        algorithm: Name of the hash algorithm, where `expected` does not name it.

    Returns:
        Arrays by name; BF16 and the 8-bit floats are those of ml_dtypes.

    Raises:
        CheckpointError: Its digest is another one, it is not registered, or it cannot be read.
        UnsafeCheckpointError: Loading it in the usual way would run code, or eat memory or time without end.
        FileChangedError: It was written meanwhile.
        UsageError: `expected` is no whole digest, or a package is not installed.
    """
    if not is_remote(path) and not Path(path).exists():
        raise CheckpointError("there is no such file or folder", where=str(path))
    digest = _registered(path) if expected is None else expected
    if is_remote(path):
        with local_copy(str(path)) as copy:
            return load_verified(copy, digest, algorithm)
    path = Path(path)
    return _folder(path, digest, algorithm) if path.is_dir() else _file(path, digest, algorithm)


def _registered(path: str | os.PathLike[str]) -> str:
    folder = registry_folder(path)
    absolute = path if is_remote(path) else Path(path).absolute()
    found = Registry(folder).read().current(name_of(absolute, folder))
    if found is None:
        raise CheckpointError(
            "is not registered, and no digest was given",
            where=shown(path),
            hint="Give the digest that it must have, or register it first.",
        )
    return f"{found.algorithm}:{found.digest}"


def _file(path: Path, expected: str, algorithm: str) -> dict[str, Array]:
    with open_regular(path) as file:
        check_digest(file, expected, algorithm)
        arrays = _arrays(opened_tensors(file))
        file.check_unchanged()
    return arrays


def _folder(path: Path, expected: str, algorithm: str) -> dict[str, Array]:
    """The tensors are read from the very descriptors that are hashed."""
    chosen, digest = parse_expected(expected, algorithm)
    warn_of_weakness(chosen, stacklevel=4)
    with open_folder(path) as (tensors, files):
        actual = hash_tree(path, chosen, held=files).digest
        if not hmac.compare_digest(actual, digest):
            raise CheckpointError(
                f"its {chosen.name} is {actual}, and not {digest}",
                where=str(path),
                hint="Do not load it: it is damaged, or another one than was meant.",
            )
        return _arrays(tensors)


def _arrays(tensors: Tensors) -> dict[str, Array]:
    return {entry.name: array_of(entry) for entry in tensors.tensors}


def array_of(entry: TensorEntry) -> Array:
    """A tensor as an array; what has no number type is an array of bytes (numpy's void).

    Raises:
        CheckpointError: Several of its elements share a byte.
        UsageError: numpy, or ml_dtypes, is not installed.
    """
    np = numpy()
    dtype = dtype_named(entry.dtype)
    stored = numpy_dtype(dtype)
    if stored is None and dtype.bits % 8:
        raise CheckpointError(f"{entry.name!r} is of the type {entry.dtype}, which numpy has not")
    data = np.empty(entry.size, np.uint8)
    at = 0
    for piece in entry.chunks():
        data[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    whole = np.dtype(f"V{dtype.bits // 8}") if stored is None else stored
    array: Array = data.view(whole).reshape(entry.shape)
    return array
