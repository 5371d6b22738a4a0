"""scipy's sparse arrays and matrices, as they are stored."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

from repro_nb.values.view import Kind, Named, View

__all__ = ["KINDS"]

_STORED: Mapping[str, Tuple[str, ...]] = {
    "bsr": ("indptr", "indices", "data"),
    "coo": ("coords", "data"),
    "csc": ("indptr", "indices", "data"),
    "csr": ("indptr", "indices", "data"),
    "dia": ("offsets", "data"),
    "lil": ("rows", "data"),
}


def _sparse(array: Any) -> View:
    # Its other attributes note what was found out about it so far.
    facts = (("format", array.format), ("dtype", str(array.dtype)), ("shape", str(array.shape)))
    if array.format == "dok":
        return View(facts, parts=(Named({"": dict(array.items())}),))
    stored = {f".{name}": getattr(array, name) for name in _STORED[array.format]}
    return View(facts, parts=(Named(stored),))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    # The public bases come after dict among those of a dictionary of keys.
    "scipy.sparse._base": {"_spbase": Kind(_sparse)}
}
"""How they are looked at, by module and name."""
