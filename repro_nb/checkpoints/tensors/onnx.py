"""ONNX: initializers and constants of a graph, and of the graphs within it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from repro_nb.checkpoints.opening import OpenedFile
from repro_nb.checkpoints.tensors.dtypes import dtype_name, dtype_named
from repro_nb.checkpoints.tensors.entries import Entry, TensorEntry
from repro_nb.checkpoints.tensors.extras import needed
from repro_nb.checkpoints.tensors.limits import MOST_DEPTH, checked_shape, size_of
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


def read_onnx(file: OpenedFile, within: str) -> list[Entry]:
    """Its tensors, by the names that the graph gives them.

    Args:
        file: The file.
        within: Its name within the checkpoint; ONNX does not tell where a tensor lies.

    Raises:
        CheckpointError: It is damaged, or holds numbers of a type that is not known.
        UnsafeCheckpointError: Its numbers are in other files.
        UsageError: onnx is not installed.
    """
    del within
    onnx = needed("onnx", "ONNX", "formats")
    if file.size > _LARGEST:
        raise CheckpointError("is larger than ONNX files can be", where=str(file.path))
    try:
        model = onnx.ModelProto.FromString(read(file, 0, file.size))
    except needed("google.protobuf.message", "ONNX", "formats").DecodeError as error:
        raise CheckpointError("is no ONNX model, or is damaged", where=str(file.path)) from error
    try:
        return list(_Reader(onnx, str(file.path)).graph("", model.graph, 0))
    except (TypeError, ValueError, AttributeError) as error:  # text that is no UTF-8 comes as bytes
        raise CheckpointError(f"is damaged: {shown(str(error))}", where=str(file.path)) from error


@dataclass
class _Reader:
    """Goes through graphs."""

    onnx: Any
    where: str

    def graph(self, path: str, graph: Any, depth: int) -> Iterator[Entry]:
        """Entries of a graph and of those in its nodes."""
        if depth > MOST_DEPTH:
            raise UnsafeCheckpointError("graphs are nested without end", where=self.where)
        if graph.sparse_initializer:
            raise CheckpointError("sparse initializers are not read", where=self.where)
        for tensor in graph.initializer:
            yield self._tensor(path + tensor.name, tensor)
        for number, node in enumerate(graph.node):
            for attribute in node.attribute:
                yield from self._attribute(path, number, node, attribute, depth)

    def _attribute(
        self, path: str, number: int, node: Any, attribute: Any, depth: int
    ) -> Iterator[Entry]:
        name = node.name or f"{node.op_type}#{number}"
        if attribute.HasField("t"):
            constant = node.op_type == "Constant" and node.output
            yield self._tensor(
                path + (node.output[0] if constant else f"{name}/{attribute.name}"), attribute.t
            )
        if attribute.HasField("g"):
            yield from self.graph(f"{path}{name}/{attribute.name}/", attribute.g, depth + 1)

    def _tensor(self, name: str, tensor: Any) -> TensorEntry:
        if tensor.external_data:
            path = next((each.value for each in tensor.external_data if each.key == "location"), "")
            told = (
                "another file"
                if PurePosixPath(path).name == path
                else "a file outside of the folder"
            )
            raise UnsafeCheckpointError(
                f"the numbers of {name!r} are in {told}: {shown(path)}", where=self.where
            )
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
