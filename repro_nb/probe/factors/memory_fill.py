"""What memory that nobody has written to is filled with, so that it shows in every result that reads it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

__all__ = ["MemoryFill"]

# The system hands out larger blocks as zeros, whatever happens: their beginning is enough to show.
_MOST = 16 * 2**20


@dataclass(frozen=True)
class MemoryFill:
    """What arrays and tensors are filled with.

    Attributes:
        byte: For numbers; whatever their type, those of different bytes differ, and none is NaN.
        truth: For truth values, 0 or 1: any other byte is none.
        letter: For text.
    """

    byte: int
    truth: int
    letter: str

    def fill_array(self, numpy: Any, array: Any) -> None:
        """Fill a numpy array that was just made; one of objects is left as it is."""
        if not isinstance(array, numpy.ndarray) or array.dtype.hasobject:
            return
        # Views both, as a new array is contiguous.
        flat = array.view(numpy.ndarray).ravel(order="K")
        names = array.dtype.names
        for part in (flat,) if names is None else (flat[name] for name in names):
            self._fill(numpy, part)

    def _fill(self, numpy: Any, flat: Any) -> None:
        dtype = flat.dtype
        if dtype.kind in "US":
            value: Any = self.letter
        elif dtype.kind == "b":
            value = bool(self.truth)
        elif dtype.char in "gG":
            value = self.byte  # of an extended number most patterns are none
        else:
            value = numpy.frombuffer(bytes([self.byte]) * dtype.itemsize, dtype)[0]
        if dtype.itemsize:
            flat[: _MOST // dtype.itemsize] = value

    def fill_tensor(self, torch: Any, tensor: Any) -> None:
        """Fill a tensor of torch's that was just made, past autograd and whatever traces operations."""
        if type(tensor) is not torch.Tensor or tensor.layout is not torch.strided:
            return
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):
            return  # inside a transformation, such as vmap, a tensor has no memory of its own
        byte = self.truth if tensor.dtype is torch.bool else self.byte
        if tensor.device.type == "cpu":
            ctypes.memset(storage.data_ptr(), byte, min(storage.nbytes(), _MOST))
        elif tensor.device.type == "cuda":
            storage.fill_(byte)
