"""The names of Python and numpy that a checkpoint's pickle stream may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.tensors.dtypes import dtype_name, dtype_named
from repro_nb.checkpoints.tensors.npy import NumpyType, numpy_type
from repro_nb.checkpoints.tensors.pickle_values import Constructor, Dictionary, Items, Name, Rebuilt
from repro_nb.checkpoints.tensors.text import text_of
from repro_nb.errors import CheckpointError

__all__ = ["NumpyArray", "plain_name"]


@dataclass(eq=False)
class NumpyDType:
    """A numpy data type that is being described.

    Attributes:
        code: Kind and size, such as ``f8``, or a name of ml_dtypes.
        order: Byte order: ``<``, ``>`` or ``|``.
        unit: Unit of a date, such as ``[ns]``.
    """

    code: str
    order: str = "|"
    unit: str = ""

    def set_state(self, state: object) -> None:
        """Takes ``(3, order, sub-array, names of fields, …)``, and at its end the unit of a date."""
        if not isinstance(state, tuple) or len(state) < 5 or state[2:4] != (None, None):  # noqa: PLR2004 - numpy's
            raise CheckpointError(
                f"the numpy data type {self.code!r} has fields, which are not read"
            )
        self.order = text_of(state[1], "a byte order", 1)
        if len(state) > 8:  # noqa: PLR2004 - the ninth is there for dates alone
            unit, count = state[8][1][:2]
            self.unit = f"[{'' if count == 1 else count}{_bytes(unit).decode('ascii')}]"

    def resolved(self) -> NumpyType:
        """What it describes."""
        extended = dtype_name(self.code)
        if extended is not None:  # a type of ml_dtypes, which has a name in place of a letter
            word = dtype_named(extended).word
            return NumpyType(dtype=extended, swap=word if self.order == ">" and word > 1 else 0)
        return numpy_type(f"{self.order}{self.code}{self.unit}")


@dataclass(eq=False)
class NumpyArray:
    """A numpy array whose bytes are in the stream.

    Attributes:
        shape: Its size in each dimension.
        dtype: Its data type.
        fortran: Whether it is stored in Fortran order.
        data: Its bytes.
    """

    shape: Any = ()
    dtype: NumpyDType | None = None
    fortran: bool = False
    data: bytes = b""

    def set_state(self, state: object) -> None:
        """Takes ``(1, shape, dtype, fortran, bytes)``."""
        _, shape, dtype, fortran, data = _all(state, 5)
        if self.dtype is not None:
            raise CheckpointError("gives a numpy array its numbers twice")
        if not isinstance(dtype, NumpyDType):
            raise CheckpointError("a numpy array without a data type")
        dtype.resolved()  # an array of objects is refused by its name
        self.shape, self.dtype, self.fortran, self.data = shape, dtype, bool(fortran), _bytes(data)


def plain_name(module: str, name: str) -> Name | None:
    """The entry of the allow-list, if it has one."""
    if module == "ml_dtypes" and dtype_name(name) is not None:
        return Name(module, name)
    here = _RENAMED.get((module, name), (_MOVED.get(module, module), name))
    make = _NAMES.get(here)
    return Name(*here, make) if make is not None or here in _TYPES else None


def _all(values: object, count: int) -> tuple[Any, ...]:
    if not isinstance(values, tuple) or len(values) != count:
        raise CheckpointError("its pickle stream gives a constructor other arguments than it takes")
    return values


def _bytes(data: object) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):  # how Python 2 wrote bytes
        return data.encode("latin-1")
    raise CheckpointError("has something else where bytes are needed")


def _dictionary(arguments: tuple[Any, ...]) -> Dictionary:
    if not arguments:
        return Dictionary()
    (given,) = _all(arguments, 1)
    if isinstance(given, Dictionary):
        return Dictionary(list(given.pairs))
    if isinstance(given, list):
        return Dictionary([(key, value) for key, value in given])
    raise CheckpointError("a dictionary of something else than pairs")


def _default_dictionary(arguments: tuple[Any, ...]) -> Dictionary:
    """Of what makes a missing value, which is no contents, and pairs."""
    return _dictionary(arguments[1:])


def _list(arguments: tuple[Any, ...]) -> list[Any]:
    (given,) = _all(arguments, 1) if arguments else ([],)
    if not isinstance(given, (list, tuple)):
        raise CheckpointError("a list of something else than a list")
    return list(given)


def _items(arguments: tuple[Any, ...]) -> Items:
    (given,) = _all(arguments, 1) if arguments else ([],)
    if not isinstance(given, (list, tuple)):
        raise CheckpointError("a set of something else than a list")
    return Items(list(given))


def _complex(arguments: tuple[Any, ...]) -> complex:
    real, imaginary = _all(arguments, 2)
    if not isinstance(real, (int, float)) or not isinstance(imaginary, (int, float)):
        raise CheckpointError("a complex number of something else than numbers")
    return complex(float(real), float(imaginary))


def _bytearray(arguments: tuple[Any, ...]) -> bytes:
    if len(arguments) == 2:  # noqa: PLR2004 - a text and its encoding
        return _encoded(arguments)
    (given,) = _all(arguments, 1) if arguments else (b"",)
    if not isinstance(given, bytes):
        raise CheckpointError("bytes of something else than bytes")
    return given


def _encoded(arguments: tuple[Any, ...]) -> bytes:
    text, encoding = _all(arguments, 2)
    if not isinstance(text, str):
        raise CheckpointError("bytes of something else than a text")
    if encoding not in ("latin1", "latin-1"):
        raise CheckpointError("bytes in another encoding than latin1")
    return _bytes(text)


def _numpy_dtype(arguments: tuple[Any, ...]) -> NumpyDType:
    told = arguments[0]
    return NumpyDType(
        told.name if isinstance(told, Name) else text_of(told, "a numpy data type", 40)
    )


def _numpy_scalar(arguments: tuple[Any, ...]) -> NumpyArray:
    dtype, data = _all(arguments, 2)
    array = NumpyArray()
    array.set_state((1, (), dtype, False, data))
    return array


def _numpy_array(arguments: tuple[Any, ...]) -> NumpyArray:
    del arguments  # a placeholder's; the state that follows says all
    return NumpyArray()


def _numpy_buffer(arguments: tuple[Any, ...]) -> NumpyArray:
    data, dtype, shape, order = _all(arguments, 4)
    array = NumpyArray()
    array.set_state((1, shape, dtype, order == "F", data))
    return array


def _namespace(arguments: tuple[Any, ...]) -> Rebuilt:
    _all(arguments, 0)
    return Rebuilt(Name("argparse", "Namespace"))


def _path(arguments: tuple[Any, ...]) -> str:
    if len(arguments) > _LONGEST_PATH:
        raise CheckpointError(f"a path of {len(arguments):,} parts")
    parts = [text_of(each, "a part of a path") for each in arguments]
    if any(part.startswith("/") for part in parts[1:]):
        raise CheckpointError("a path that begins anew in its midst")
    return "/".join(parts).replace("//", "/")


_LONGEST_PATH = 256
"""Parts of a path."""

_TYPES = frozenset(
    ("builtins", name)
    for name in ("bool", "bytes", "complex", "dict", "float", "int", "list", "set", "str", "tuple")
)
"""What a defaultdict makes missing values with, among others; named, but never called."""

_RENAMED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("__builtin__", "long"): ("builtins", "int"),
    ("__builtin__", "unicode"): ("builtins", "str"),
}
_MOVED: Mapping[str, str] = {
    "__builtin__": "builtins",
    "numpy.core.multiarray": "numpy._core.multiarray",
    "numpy.core.numeric": "numpy._core.numeric",
}
_NAMES: Mapping[tuple[str, str], Constructor] = {
    ("collections", "OrderedDict"): _dictionary,
    ("collections", "defaultdict"): _default_dictionary,
    ("collections", "Counter"): _dictionary,
    ("builtins", "dict"): _dictionary,
    ("builtins", "list"): _list,
    ("builtins", "set"): _items,
    ("builtins", "frozenset"): _items,
    ("builtins", "complex"): _complex,
    ("builtins", "bytearray"): _bytearray,
    ("builtins", "bytes"): _bytearray,
    ("builtins", "int"): lambda arguments: int(*_all(arguments, 0)),
    ("builtins", "float"): lambda arguments: float(*_all(arguments, 0)),
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _numpy_dtype,
    ("numpy", "ndarray"): _numpy_array,
    ("numpy._core.multiarray", "_reconstruct"): _numpy_array,
    ("numpy._core.multiarray", "scalar"): _numpy_scalar,
    ("numpy._core.numeric", "_frombuffer"): _numpy_buffer,
    ("argparse", "Namespace"): _namespace,
    ("types", "SimpleNamespace"): _namespace,
    ("pathlib", "PosixPath"): _path,
    ("pathlib", "WindowsPath"): _path,
    ("pathlib", "PurePosixPath"): _path,
}
