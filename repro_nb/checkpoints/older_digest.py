"""The digest that the older toolkit gave ``.pt`` and ``.pth`` files: of what it unpickled, in the order of the keys.

For a dictionary of tensors and plain values it can be computed without unpickling; it says nothing of dtypes, shapes
and the bytes around the tensors.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from repro_nb.checkpoints.tensors import TensorEntry, open_tensors
from repro_nb.errors import FileChangedError, ReproError

__all__ = ["older_digest"]


def older_digest(path: Path, algorithm: str) -> str | None:
    """The older toolkit's digest of a checkpoint; None where it takes running code, or was no digest of tensors.

    Raises:
        FileChangedError: It was written meanwhile.
        OSError: It cannot be read.
    """
    if path.suffix not in (".pt", ".pth") or algorithm not in hashlib.algorithms_guaranteed:
        return None
    try:
        return _digest(path, algorithm)
    except FileChangedError:
        raise
    except ReproError:
        return None


def _digest(path: Path, algorithm: str) -> str | None:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open_tensors(path) as tensors:
        for name, entry in sorted(tensors.entries.items()):
            if "/" in name:  # of a dictionary within the dictionary it hashed a pickle
                return None
            digest.update(name.encode())
            if isinstance(entry, TensorEntry):
                for chunk in entry.chunks():
                    digest.update(chunk)
            elif isinstance(entry.value, int | float | str):
                digest.update(str(entry.value).encode())
            else:
                return None
    return digest.hexdigest()
