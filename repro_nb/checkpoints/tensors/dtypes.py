"""Data types of tensors by one name each: those of safetensors, and the names that libraries have for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repro_nb.errors import CheckpointError

__all__ = ["DType", "dtype_name", "dtype_named", "opaque"]


@dataclass(frozen=True, kw_only=True)
class DType:
    """How one element of a tensor is stored.

    Attributes:
        name: Its name, such as ``BF16``.
        bits: Size of an element in bits.
        word: Bytes of the unit that a byte order applies to; a complex number has two such units.
        numpy: Its name for numpy, with the help of ml_dtypes where numpy has none; empty where neither has one.
        mantissa: Bits of a floating-point number's fraction; None for what is no such number.
    """

    name: str
    bits: int
    word: int
    numpy: str = ""
    mantissa: int | None = None

    @property
    def is_complex(self) -> bool:
        """Whether an element is two numbers."""
        return self.name in ("C32", "C64", "C128")


def _whole(name: str, bits: int, numpy: str) -> DType:
    return DType(name=name, bits=bits, word=max(1, bits // 8), numpy=numpy)


def _real(name: str, bits: int, mantissa: int, numpy: str) -> DType:
    return DType(name=name, bits=bits, word=max(1, bits // 8), numpy=numpy, mantissa=mantissa)


_ALL = (
    _whole("BOOL", 8, "bool"),
    *(_whole(f"I{bits}", bits, f"int{bits}") for bits in (8, 16, 32, 64)),
    *(_whole(f"U{bits}", bits, f"uint{bits}") for bits in (8, 16, 32, 64)),
    _real("F64", 64, 52, "float64"),
    _real("F32", 32, 23, "float32"),
    _real("F16", 16, 10, "float16"),
    _real("BF16", 16, 7, "bfloat16"),
    _real("F8_E4M3", 8, 3, "float8_e4m3fn"),
    _real("F8_E5M2", 8, 2, "float8_e5m2"),
    _real("F8_E4M3FNUZ", 8, 3, "float8_e4m3fnuz"),
    _real("F8_E5M2FNUZ", 8, 2, "float8_e5m2fnuz"),
    _real("F8_E8M0", 8, 0, "float8_e8m0fnu"),
    # Several elements share a byte.
    _real("F6_E2M3", 6, 3, ""),
    _real("F6_E3M2", 6, 2, ""),
    _real("F4", 4, 1, ""),
    DType(name="C32", bits=32, word=2, mantissa=10),
    DType(name="C64", bits=64, word=4, numpy="complex64", mantissa=23),
    DType(name="C128", bits=128, word=8, numpy="complex128", mantissa=52),
    # What torch's quantised tensors hold; scale and zero point are entries of their own.
    _whole("QI8", 8, "int8"),
    _whole("QU8", 8, "uint8"),
    _whole("QI32", 32, "int32"),
)
_BY_NAME = {each.name: each for each in _ALL}
_BY_LIBRARY_NAME = {each.numpy: each.name for each in reversed(_ALL) if each.numpy} | {
    "complex32": "C32",
    "qint8": "QI8",
    "quint8": "QU8",
    "qint32": "QI32",
    "bool_": "BOOL",
    "half": "F16",
    "float": "F32",
    "double": "F64",
    "short": "I16",
    "int": "I32",
    "long": "I64",
}
_OPAQUE = re.compile(r"bytes:([1-9][0-9]{0,9})(?::(.*))?", re.DOTALL)


def dtype_named(name: str) -> DType:
    """The data type called `name`.

    Raises:
        CheckpointError: There is none.
    """
    known = _BY_NAME.get(name)
    if known is not None:
        return known
    match = _OPAQUE.fullmatch(name)
    if match is None:
        raise CheckpointError(f"the data type {name!r} is not known")
    return DType(name=name, bits=8 * int(match[1]), word=1)


def opaque(size: int, what: str = "") -> str:
    """Name of a data type whose elements are `size` bytes that no number is made of: text, dates, quantised blocks.

    Args:
        size: Bytes of an element.
        what: What its own format calls it, such as ``M8[ns]`` or ``Q4_K``.
    """
    return f"bytes:{size}:{what}" if what else f"bytes:{size}"


def dtype_name(library_name: str) -> str | None:
    """Our name for what numpy, torch or JAX calls ``float32``, ``torch.bfloat16``, …; None for what is not known."""
    return _BY_LIBRARY_NAME.get(library_name.rpartition(".")[2])
