"""ONNX: everything in a model that holds numbers, in its graphs, in the graphs within them and in its functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.dtypes import dtype_name, dtype_named
from repro_nb.checkpoints.tensors.entries import Entry, TensorEntry, ValueEntry
from repro_nb.checkpoints.tensors.extras import needed
from repro_nb.checkpoints.tensors.limits import (
    MOST_DEPTH,
    checked_shape,
    enough_memory,
    size_of,
)
from repro_nb.checkpoints.tensors.sources import MemoryBytes, read
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["read_onnx"]

_LARGEST = 2 * 2**30
"""Bytes of a file; what Protocol Buffers allow."""

_NAMES = {
    "FLOAT": "F32",
    "DOUBLE": "F64",
    "FLOAT16": "F16",
    "BFLOAT16": "BF16",
    "FLOAT8E4M3FN": "F8_E4M3",
    "FLOAT8E5M2": "F8_E5M2",
    "FLOAT8E4M3FNUZ": "F8_E4M3FNUZ",
    "FLOAT8E5M2FNUZ": "F8_E5M2FNUZ",
    "FLOAT8E8M0": "F8_E8M0",
    "COMPLEX64": "C64",
    "COMPLEX128": "C128",
}
_LISTED = (
    "float_data",
    "int32_data",
    "string_data",
    "int64_data",
    "double_data",
    "uint64_data",
)
"""Where a tensor has its numbers if it has them one by one."""

_WITHOUT_NUMBERS = frozenset(
    ["name", "ref_attr_name", "doc_string", "type", "tp", "type_protos", "metadata_props"]
)
"""Fields of an attribute that name or describe."""

_VALUES = {
    "f": "float",
    "i": "int",
    "s": "bytes",
    "floats": "list",
    "ints": "list",
    "strings": "list",
}
"""Fields of an attribute that are values, and the kind of each."""


def read_onnx(file: OpenedFile, within: str) -> list[Entry]:
    """Its tensors and values, by the names that the graph gives them.

    Args:
        file: The file.
        within: Its name within the checkpoint; ONNX does not tell where a tensor lies.

    Raises:
        CheckpointError: It is damaged, or holds numbers of a type or in a form that is not read.
        UnsafeCheckpointError: Its numbers are in other files.
        UsageError: onnx is not installed.
    """
    del within
    onnx = needed("onnx", "ONNX", "formats")
    where = str(file.path)
    if file.size > _LARGEST:
        raise CheckpointError("is larger than ONNX files can be", where=where)
    damaged = needed("google.protobuf.message", "ONNX", "formats").DecodeError
    try:
        with enough_memory(where):
            model = onnx.ModelProto.FromString(read(file, 0, file.size))
            return list(_Reader(onnx, where).model(model))
    except damaged as error:
        raise CheckpointError("is no ONNX model, or is damaged", where=where) from error
    except (TypeError, ValueError, AttributeError) as error:  # text that is no UTF-8 comes as bytes
        raise CheckpointError(f"is damaged: {shown(str(error))}", where=where) from error


@dataclass
class _Reader:
    """Goes through a model."""

    onnx: Any
    where: str

    def model(self, model: Any) -> Iterator[Entry]:
        """Entries of the graph, of the functions that its nodes call, and of what it is trained with."""
        self._check_known("the model", model)
        yield from self._graph("", model.graph, 0)
        for function in model.functions:
            overload = getattr(function, "overload", "")  # since 1.16 of onnx
            parts = (function.domain, function.name, overload)
            yield from self._function("/".join(("functions", *filter(None, parts))), function)
        for number, training in enumerate(model.training_info):
            path = f"training/{number}"
            self._check_known(path, training)
            yield from self._graph(f"{path}/initialization/", training.initialization, 0)
            yield from self._graph(f"{path}/algorithm/", training.algorithm, 0)

    def _function(self, path: str, function: Any) -> Iterator[Entry]:
        self._check_known(path, function)
        for attribute in function.attribute_proto:
            yield from self._attribute(f"{path}/{attribute.name}", attribute, 0)
        yield from self._nodes(f"{path}/", function.node, 0)

    def _graph(self, path: str, graph: Any, depth: int) -> Iterator[Entry]:
        """Entries of a graph and of those in its nodes."""
        if depth > MOST_DEPTH:
            raise UnsafeCheckpointError("graphs are nested without end", where=self.where)
        self._check_known(path or "the graph", graph)
        for sparse in graph.sparse_initializer:
            raise self._not_read(path + sparse.values.name, "is a sparse initializer")
        for tensor in graph.initializer:
            yield self._tensor(path + tensor.name, tensor)
        yield from self._nodes(path, graph.node, depth)

    def _nodes(self, path: str, nodes: Iterable[Any], depth: int) -> Iterator[Entry]:
        """Entries of nodes; each is called by its first output, the one name that no two nodes share."""
        for number, node in enumerate(nodes):
            name = path + (next(filter(None, node.output), "") or f"{node.op_type}#{number}")
            self._check_known(name, node)
            is_constant = node.op_type == "Constant" and len(node.attribute) == 1
            for attribute in node.attribute:
                here = name if is_constant else f"{name}/{attribute.name}"
                yield from self._attribute(here, attribute, depth)

    def _attribute(self, name: str, attribute: Any, depth: int) -> Iterator[Entry]:
        self._check_known(name, attribute)
        for field, value in attribute.ListFields():
            if field.name in _VALUES:
                yield _value(name, _VALUES[field.name], value)
            elif field.name == "t":
                yield self._tensor(name, value)
            elif field.name == "g":
                yield from self._graph(f"{name}/", value, depth + 1)
            elif field.name == "tensors":
                for number, tensor in enumerate(value):
                    yield self._tensor(f"{name}/{number}", tensor)
            elif field.name == "graphs":
                for number, graph in enumerate(value):
                    yield from self._graph(f"{name}/{number}/", graph, depth + 1)
            elif field.name not in _WITHOUT_NUMBERS:
                raise self._not_read(name, f"is given as {field.name}")

    def _tensor(self, name: str, tensor: Any) -> TensorEntry:
        self._check_known(name, tensor)
        self._check_inside(name, tensor)
        if tensor.HasField("segment"):
            raise self._not_read(name, "is but a segment of a tensor")
        shape = checked_shape(tuple(tensor.dims), name)
        dtype = self._dtype(name, tensor.data_type)
        data = tensor.raw_data if tensor.HasField("raw_data") else self._listed(name, tensor)
        if len(data) != size_of(dtype, shape):
            raise CheckpointError(
                f"{name!r} has another number of bytes than its shape asks for", where=self.where
            )
        return TensorEntry(
            name=name, dtype=dtype, shape=shape, place=None, source=MemoryBytes(data)
        )

    def _check_inside(self, name: str, tensor: Any) -> None:
        """The numbers must be in the model, and there once."""
        location = next((each.value for each in tensor.external_data if each.key == "location"), "")
        if tensor.external_data or tensor.data_location != self.onnx.TensorProto.DEFAULT:
            beside = PurePosixPath(location).name == location
            told = "another file" if beside else "a file outside of the folder"
            raise UnsafeCheckpointError(
                f"the numbers of {name!r} are in {told}: {shown(location) or 'it does not say which'}",
                where=self.where,
            )
        forms = [*(each for each in _LISTED if len(getattr(tensor, each)))]
        if len(forms) + tensor.HasField("raw_data") > 1:
            raise UnsafeCheckpointError(
                f"{name!r} has its numbers in several forms, of which a reader sees one",
                where=self.where,
            )

    def _check_known(self, name: str, message: Any) -> None:
        """Fields that this onnx does not know may hold numbers."""
        fields = needed("google.protobuf.unknown_fields", "ONNX", "formats").UnknownFieldSet
        if len(fields(message)):
            raise CheckpointError(
                f"{shown(name)!r} has fields that this version of onnx does not know",
                where=self.where,
                hint="Install a newer onnx.",
            )

    def _not_read(self, name: str, why: str) -> CheckpointError:
        return CheckpointError(f"{name!r} {why}, which is not read", where=self.where)

    def _dtype(self, name: str, number: int) -> str:
        known = self.onnx.TensorProto.DataType.items()
        word = next((key for key, value in known if value == number), str(number))
        dtype = _NAMES.get(word) or dtype_name(word.lower())
        if dtype is None:
            raise CheckpointError(
                f"{name!r} has the type {word}, which is not read", where=self.where
            )
        return dtype

    def _listed(self, name: str, tensor: Any) -> bytes:
        """Numbers that are stored as a list, where most files have raw bytes."""
        try:
            array = self.onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError) as error:
            raise CheckpointError(
                f"{name!r} is damaged: {shown(str(error))}", where=self.where
            ) from error
        dtype = dtype_named(self._dtype(name, tensor.data_type))
        if array.dtype.itemsize * 8 != dtype.bits:
            raise CheckpointError(f"{name!r} is damaged", where=self.where)
        data: bytes = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return data


def _value(name: str, kind: str, value: Any) -> ValueEntry:
    return ValueEntry(name=name, kind=kind, value=list(value) if kind == "list" else value)
