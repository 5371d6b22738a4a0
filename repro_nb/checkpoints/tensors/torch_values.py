"""The names of torch that a checkpoint's pickle stream may hold, and what they are read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.tensors.dtypes import dtype_name
from repro_nb.checkpoints.tensors.limits import checked_shape
from repro_nb.checkpoints.tensors.pickle_values import (
    Constructor,
    Dictionary,
    Name,
    Unread,
    check_no_attributes,
)
from repro_nb.checkpoints.tensors.plain_values import plain_name
from repro_nb.checkpoints.tensors.text import shown, text_of
from repro_nb.checkpoints.tensors.views import View
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = [
    "Quantised",
    "Sparse",
    "Storage",
    "StoredTensor",
    "TorchText",
    "storage_of",
    "torch_name",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Storage:
    """What a persistent id refers to: raw bytes beside the stream.

    Attributes:
        key: Its name there.
        dtype: Our name of its data type; None where it is bytes without one.
        count: Its number of elements, or of bytes where it has no data type.
        part: For a part of another storage, as old files have it: offset and number of elements.
    """

    key: str
    dtype: str | None
    count: int
    part: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StoredTensor:
    """A tensor as a view of a storage.

    Attributes:
        storage: The storage.
        dtype: Our name of its data type.
        view: Where its elements are.
    """

    storage: Storage
    dtype: str
    view: View

    def set_state(self, state: object) -> None:
        """Takes the attributes that Python code put on a tensor, which must be none.

        Raises:
            CheckpointError: There are some.
        """
        check_no_attributes(state, "holds a tensor")


@dataclass(frozen=True, eq=False, kw_only=True)
class Quantised:
    """A quantised tensor: whole numbers, and how to read them.

    Attributes:
        numbers: The whole numbers.
        scheme: ``per_tensor_affine`` or ``per_channel_affine``.
        parameters: Scale and zero point, or the axis.
        tensors: Scales and zero points of each channel, by name.
    """

    numbers: StoredTensor
    scheme: str
    parameters: tuple[Any, ...]
    tensors: Mapping[str, Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sparse:
    """A sparse tensor: where its numbers are, and the numbers.

    Attributes:
        layout: ``sparse_coo``, ``sparse_csr`` or a relative of these.
        shape: Its size in each dimension.
        coalesced: Whether no place occurs twice; None where the layout does not tell.
        tensors: Indices and values, by name.
    """

    layout: str
    shape: tuple[int, ...]
    coalesced: bool | None
    tensors: Mapping[str, Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class TorchText:
    """A data type, device or the like, which is but a name.

    Attributes:
        kind: ``dtype`` or ``device``.
        text: The name.
    """

    kind: str
    text: str


def torch_name(module: str, name: str) -> Name | None:
    """The entry of the allow-list, if it has one."""
    make = _NAMES.get((module, name))
    if make is not None:
        return Name(module, name, make)
    make = _TENSORS.get((module, name))
    if make is not None:
        return Name(module, name, _unread_at_worst(make))
    if module == "torch" and (name in _WORDS or dtype_name(name) or name in _STORAGES):
        return Name(module, name)
    if (module, name) in _CLASSES:
        return Name(module, name)
    return plain_name(module, name)


def storage_of(identity: Any) -> Storage:
    """What a persistent id of torch says.

    Raises:
        UnsafeCheckpointError: It is of another kind: a pickled module, for example.
        CheckpointError: It is damaged.
    """
    if not isinstance(identity, tuple) or len(identity) < 5 or identity[0] != "storage":  # noqa: PLR2004 - torch's
        first = identity[0] if isinstance(identity, tuple) and identity else identity
        what = shown(first, 40) if isinstance(first, str) else "something"
        raise UnsafeCheckpointError(
            f"refers to {what!r} outside of its pickle stream, which is no storage"
        )
    _, kind, key, _device, count, *rest = identity
    if not isinstance(kind, Name) or not _is_count(count):
        raise CheckpointError("a storage without type or size")
    dtype = None if kind.name == "UntypedStorage" else _STORAGES.get(kind.name)
    if dtype is None and kind.name != "UntypedStorage":
        raise CheckpointError(f"a storage of the type {kind}, which is not known")
    return Storage(
        key=text_of(key, "the key of a storage", 200), dtype=dtype, count=count, part=_part(rest)
    )


def _part(rest: list[Any]) -> tuple[int, int] | None:
    if not rest or rest[0] is None:
        return None
    _key, offset, count = rest[0]
    if not _is_count(offset) or not _is_count(count):
        raise CheckpointError("a part of a storage without offset and size")
    return offset, count


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _tensor(arguments: tuple[Any, ...]) -> StoredTensor:
    """Of ``(storage, offset, shape, strides, …)``."""
    storage, offset, shape, strides, *rest = arguments
    _no_metadata(rest[2:])
    dtype = storage.dtype if isinstance(storage, Storage) else None
    return _stored(storage, offset, shape, strides, dtype)


def _typed_tensor(arguments: tuple[Any, ...]) -> StoredTensor:
    """Of ``(storage, offset, shape, strides, requires_grad, hooks, dtype, …)``."""
    storage, offset, shape, strides, _grad, _hooks, dtype, *rest = arguments
    _no_metadata(rest)
    name = dtype_name(dtype.name) if isinstance(dtype, Name) else None
    if name is None:
        what = str(dtype) if isinstance(dtype, Name) else "of another kind"
        raise CheckpointError(f"a tensor whose data type is {what}")
    return _stored(storage, offset, shape, strides, name)


def _no_metadata(rest: list[Any]) -> None:
    """A tensor that is marked as conjugated or negated has other numbers than its storage."""
    if rest in ([], [None]):
        return
    if len(rest) > 1 or not isinstance(rest[0], Dictionary):
        raise CheckpointError("a tensor with more than torch writes of one")
    if any(value for _, value in rest[0].pairs):
        raise CheckpointError(
            "a tensor that is conjugated or negated lazily; save it after resolve_conj() and resolve_neg()"
        )


def _stored(storage: Any, offset: Any, shape: Any, strides: Any, dtype: str | None) -> StoredTensor:
    if not isinstance(storage, Storage) or dtype is None or not _is_count(offset):
        raise CheckpointError("a tensor without storage, data type or offset")
    shape = checked_shape(shape, "a tensor")
    strides = checked_shape(strides, "a tensor")
    if len(shape) != len(strides):
        raise CheckpointError("a tensor whose shape and strides disagree")
    return StoredTensor(
        storage=storage, dtype=dtype, view=View(offset=offset, shape=shape, strides=strides)
    )


def _parameter(arguments: tuple[Any, ...]) -> Any:
    """Of ``(tensor, requires_grad, hooks)``, with the attributes that it has behind them."""
    tensor, _grad, _hooks, *states = arguments
    for state in states:
        check_no_attributes(state, "a parameter")
    return tensor


def _quantised(arguments: tuple[Any, ...]) -> Quantised:
    storage, offset, shape, strides, parameters, _grad, _hooks = arguments
    numbers = _stored(storage, offset, shape, strides, getattr(storage, "dtype", None))
    scheme = parameters[0].name if isinstance(parameters[0], Name) else ""
    if scheme == "per_tensor_affine":
        _, scale, zero = parameters
        _check_whole(zero, "zero point")
        return Quantised(
            numbers=numbers, scheme=scheme, parameters=(float(scale), zero), tensors={}
        )
    if scheme != "per_channel_affine":
        raise CheckpointError(f"a tensor that is quantised as {scheme or 'something unknown'}")
    _, scales, zeros, axis = parameters
    _check_whole(axis, "axis")
    channels = {"scales": scales, "zero_points": zeros}
    return Quantised(numbers=numbers, scheme=scheme, parameters=(axis,), tensors=channels)


def _check_whole(value: object, what: str) -> None:
    if type(value) is not int:
        raise CheckpointError(f"a quantised tensor whose {what} is no whole number")


def _layout(arguments: tuple[Any, ...]) -> TorchText:
    return TorchText(
        kind="layout", text=text_of(arguments[0], "a layout", 40).removeprefix("torch.")
    )


def _sparse(arguments: tuple[Any, ...]) -> Sparse:
    layout, parts = arguments
    names = _SPARSE_PARTS.get(layout.text)
    if names is None:
        raise CheckpointError(f"a sparse tensor of the layout {layout.text!r}")
    if not len(names) < len(parts) <= len(names) + 2:
        raise CheckpointError("a sparse tensor with other parts than torch writes of one")
    shape = checked_shape(parts[len(names)], "a sparse tensor")
    coalesced = bool(parts[len(names) + 1]) if len(parts) > len(names) + 1 else None
    return Sparse(
        layout=layout.text,
        shape=shape,
        coalesced=coalesced,
        tensors=dict(zip(names, parts, strict=False)),
    )


def _size(arguments: tuple[Any, ...]) -> tuple[int, ...]:
    (sizes,) = arguments or ((),)
    return checked_shape(sizes, "a size")


def _device(arguments: tuple[Any, ...]) -> TorchText:
    kind, *index = arguments
    if len(index) > 1 or not all(map(_is_count, index)):
        raise CheckpointError("a device with something else than a number")
    number = "".join(f":{each}" for each in index)
    return TorchText(kind="device", text=text_of(kind, "a device", 40) + number)


def _unread_at_worst(make: Constructor) -> Constructor:
    """Leaves it to the walk through the containers, which knows the tensor's name, to refuse it."""

    def made(arguments: tuple[Any, ...]) -> Any:
        try:
            return make(arguments)
        except UnsafeCheckpointError:
            raise
        except CheckpointError as error:
            return Unread(error.message, error.hint)

    return made


def _refused(what: str) -> Constructor:
    return lambda _: Unread(what)


_SPARSE_PARTS: Mapping[str, tuple[str, ...]] = {
    "sparse_coo": ("indices", "values"),
    "sparse_csr": ("crow_indices", "col_indices", "values"),
    "sparse_csc": ("ccol_indices", "row_indices", "values"),
    "sparse_bsr": ("crow_indices", "col_indices", "values"),
    "sparse_bsc": ("ccol_indices", "row_indices", "values"),
}
_STORAGES: Mapping[str, str] = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64",
    "ComplexDoubleStorage": "C128",
    "QInt8Storage": "QI8",
    "QUInt8Storage": "QU8",
    "QInt32Storage": "QI32",
}
_CLASSES = frozenset(
    [
        ("torch.storage", "UntypedStorage"),
        ("torch", "UntypedStorage"),
        ("torch", "Tensor"),
        ("torch.nn.parameter", "Parameter"),
    ]
)
_WORDS = frozenset(
    ["per_tensor_affine", "per_channel_affine", "per_tensor_symmetric", "per_channel_symmetric"]
)
_TENSORS: Mapping[tuple[str, str], Constructor] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _typed_tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._utils", "_rebuild_qtensor"): _quantised,
    ("torch._utils", "_rebuild_sparse_tensor"): _sparse,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _refused(
        "a tensor of the meta device, which has no numbers"
    ),
    ("torch._utils", "_rebuild_nested_tensor"): _refused("a nested tensor"),
    ("torch._tensor", "_rebuild_from_type_v2"): _refused(
        "a tensor of a class of its own, or one with attributes beside its numbers"
    ),
}
_NAMES: Mapping[tuple[str, str], Constructor] = {
    ("torch.serialization", "_get_layout"): _layout,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
}
