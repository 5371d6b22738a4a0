"""Bytes of tensors as numpy's numbers."""

from __future__ import annotations

from typing import Any

from repro_nb.checkpoints.tensors.dtypes import DType
from repro_nb.checkpoints.tensors.extras import needed, numpy

__all__ = ["as_numbers", "numpy_dtype"]


def numpy_dtype(dtype: DType) -> Any:
    """The data type of numpy for one of ours; None where there is none.

    Raises:
        UsageError: It needs ml_dtypes, which is not installed.
    """
    np = numpy()
    if not dtype.numpy:
        return None
    if hasattr(np, dtype.numpy) or dtype.numpy == "bool":
        return np.dtype(dtype.numpy).newbyteorder("<")
    extended = needed("ml_dtypes", f"the type {dtype.name}", "checkpoints")
    return np.dtype(getattr(extended, dtype.numpy))


def as_numbers(data: Any, dtype: DType) -> Any:
    """Bytes as numbers that can be calculated with: float64, complex128, or whole numbers; None for what is no number.

    Args:
        data: A numpy array of bytes.
        dtype: What they are.
    """
    np = numpy()
    stored = numpy_dtype(dtype)
    if stored is None:
        return _half_complex(np, data) if dtype.name == "C32" else None
    values = data.view(stored)
    if dtype.name == "BOOL":
        return data
    if dtype.is_complex:
        return values.astype(np.complex128)
    return values if stored.kind in "iu" else values.astype(np.float64)


def _half_complex(np: Any, data: Any) -> Any:
    parts = data.view(np.dtype("<f2")).astype(np.float64)
    return parts[::2] + 1j * parts[1::2]
