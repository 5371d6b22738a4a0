"""Checkpoints that were made to do harm: they execute nothing, hang nothing, and are refused by name."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
import torch

from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.tensors import open_tensors
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

REPOSITORY = Path(__file__).parents[2]
CANARY = "canary"
"""The file that each payload would make in the working folder."""

COMMAND = f"touch {CANARY}".encode()
LEGACY_HEAD = b"".join(
    pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
)


class Evil:
    """Runs a command where it is unpickled."""

    def __reduce__(self):
        return os.system, (COMMAND.decode(),)


class EvilArgument(Evil):
    """Unpickles bytes that run a command."""

    def __reduce__(self):
        return pickle.loads, (pickle.dumps(Evil()),)


class EvilAttribute:
    """Reaches a function by its attribute."""

    def __reduce__(self):
        return getattr, (Path(), "unlink")


def torch_zip(stream, **storages):
    """A torch archive around a pickle stream."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", stream)
        archive.writestr("archive/byteorder", "little")
        for name, data in storages.items():
            archive.writestr(f"archive/data/{name.lstrip('_')}", data)
    return target.getvalue()


def rebuilt(shape, strides, *, offset=0, count=1):
    """A pickle stream of one float tensor over the storage 0."""
    numbers = b"".join(_long(each) for each in (offset,))
    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
        b"X\x03\x00\x00\x00cpu" + _long(count) + b"tQ" + numbers
        + b"(" + b"".join(map(_long, shape)) + b"t(" + b"".join(map(_long, strides)) + b"t\x89}tR."
    )  # fmt: skip


def _long(number):
    data = number.to_bytes(16, "little", signed=True)
    return b"\x8a\x10" + data


def safetensors(header, data=b""):
    """A safetensors file around a header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def saved(array, **options):
    """The bytes that numpy writes for an array."""
    target = io.BytesIO()
    np.save(target, array, **options)
    return target.getvalue()


def zipped(*members, packed=False):
    """A zip archive."""
    target = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return target.getvalue()


def overlapping():
    """A member of a zip archive that holds another one: with many of them, a small file unfolds without end."""
    inner = zipped(("b.npy", saved(np.zeros(50))))
    start = inner.index(b"PK\x01\x02")
    outer = zipped(("a.npy", inner[:start]))
    directory, end = (
        outer.index(b"PK\x01\x02", outer.index(inner[:start]) + start),
        outer.rindex(b"PK\x05\x06"),
    )
    entry = bytearray(inner[start : inner.rindex(b"PK\x05\x06")])
    entry[42:46] = struct.pack("<I", outer.index(inner[:start]))
    both = outer[directory:end] + bytes(entry)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, len(both), directory, 0)
    return outer[:directory] + both + tail


def packed_parts():
    """A compressed storage that each of a million tensors would be unpacked for anew."""
    members = (
        ("a/data.pkl", rebuilt((1,), (1,), offset=500, count=1000)),
        ("a/data/0", bytes(4000)),
    )
    return zipped(*members, packed=True)


def renamed():
    """A zip archive whose member has another name in its own header than in the directory."""
    return zipped(("a.npy", saved(np.zeros(2)))).replace(b"a.npy", b"b.npy", 1)


def lying_size():
    """A zip archive that says of a compressed member that it has a terabyte."""
    data = bytearray(zipped(("a.npy", saved(np.zeros(50))), packed=True))
    start = data.index(b"PK\x01\x02")
    data[start + 24 : start + 28] = struct.pack("<I", 0xF0000000)
    return bytes(data)


def laughs(depth=60):
    """A list of two lists, and so on."""
    return b"\x80\x02]" + b"".join(b"2\x86" for _ in range(depth)) + b"."


def laughs_in(function):
    """A call of `function` with such a list: its text would have no end."""
    return b"\x80\x02" + function + laughs()[2:-1] + b"\x85R."


def laughing_dictionaries(depth=40):
    """Dictionaries that hold one another twice, down to a number: 2 to the 40 values in 400 bytes."""
    level = b"q\x000}(U\x01ah\x00U\x01bh\x00u"
    return b"\x80\x02K\x01" + level * depth + b"."


def pickled(body):
    """A torch archive of a few kilobytes around a stream that is far longer."""
    return zipped(("a/data.pkl", b"\x80\x05" + body + b"."), packed=True)


def numbers(count):
    """A list of small numbers, kept under 0."""
    return b"]q\x00(" + b"K\x07" * count + b"e0"


def text(size):
    """A text, kept under 0."""
    return b"X" + struct.pack("<I", size) + b"A" * size + b"q\x000"


def calls(function, arguments, count=100_000):
    """A list of what a function, kept under 1, gives for the same arguments again and again."""
    return function + b"q\x010(" + (b"h\x01" + arguments + b"R") * count + b"l"


def two_names_of_one_storage(first):
    """A torch archive with ``data/0`` and ``DATA/0``: torch takes the two for one, and reads other numbers than we."""
    members = [("a/data/0", np.float32(1).tobytes()), ("a/DATA/0", np.float32(666).tobytes())]
    return zipped(("a/data.pkl", rebuilt((1,), (1,))), *(members if first else members[::-1]))


def endless_line(tmp_path):
    """A file without blocks on the disk, whose first line has 20 GB."""
    path = tmp_path / "endless-line.pt"
    with path.open("wb") as file:
        file.write(b"\x80\x02c")
        file.truncate(20 << 30)


def linked_h5(tmp_path):
    """Groups that each link the next one twice: 2 to the 40 paths."""
    path = tmp_path / "linked.h5"
    with h5py.File(path, "w") as file:
        groups = [file.create_group(f"g{number}") for number in range(40)]
        for group, following in pairwise(groups):
            group["a"] = group["b"] = following


def linked_to_external_h5(tmp_path):
    """A link within the file to a link to another file; of an open file HDF5 takes that for the file itself."""
    with h5py.File(tmp_path / "linked-to-external.h5", "w") as file:
        file["w"] = np.zeros(2)
        file["z"] = h5py.ExternalLink(str(tmp_path / "other-file"), "/")
        file["a"] = h5py.SoftLink("/z/w")


def long_texts_gguf(tmp_path):
    """Texts of 64 MiB each, without blocks on the disk."""
    with (tmp_path / "long-texts.gguf").open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, 0, 40))
        for number in range(40):
            name = b"k%d" % number
            head = struct.pack("<Q", len(name)) + name
            file.write(head + struct.pack("<IQ", 8, 64 << 20))
            file.seek(64 << 20, os.SEEK_CUR)
        file.truncate()


def onnx_model(**fields):
    """An ONNX model."""
    fields = {"graph": onnx.GraphProto(name="g"), **fields}
    return onnx.ModelProto(ir_version=8, **fields).SerializeToString()


def onnx_tensor(**fields):
    """An ONNX model with one initializer."""
    tensor = onnx.TensorProto(name="w", dims=[2], data_type=onnx.TensorProto.FLOAT, **fields)
    return onnx_model(graph=onnx.GraphProto(name="g", initializer=[tensor]))


def onnx_attribute(**fields):
    """An ONNX model whose one node has one attribute."""
    attribute = onnx.AttributeProto(name="value", **fields)
    node = onnx.NodeProto(op_type="Constant", output=["c"], attribute=[attribute])
    return onnx_model(graph=onnx.GraphProto(name="g", node=[node]))


SPARSE = onnx.SparseTensorProto(
    values=onnx.TensorProto(name="s", dims=[1], data_type=1, float_data=[1]),
    indices=onnx.TensorProto(dims=[1], data_type=7, int64_data=[1]),
    dims=[4],
)


def external_h5(tmp_path):
    """An HDF5 file that leads to another one."""
    path = tmp_path / "external.h5"
    with h5py.File(path, "w") as file:
        file["password"] = h5py.ExternalLink("/etc/passwd", "/")
    return path.read_bytes()


def raw_external_h5(tmp_path):
    """An HDF5 file whose numbers are the bytes of another file."""
    path = tmp_path / "raw.h5"
    (tmp_path / "secret").write_bytes(bytes(16))
    with h5py.File(path, "w") as file:
        external = [(str(tmp_path / "secret"), 0, 16)]
        file.create_dataset("secret", (16,), "u1", external=external)
    return path.read_bytes()


def cyclic_h5(tmp_path):
    """An HDF5 file with a group within itself."""
    path = tmp_path / "cyclic.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("group")
        group["again"] = group
    return path.read_bytes()


def external_onnx():
    """An ONNX model whose numbers are in another file."""
    tensor = onnx.TensorProto(name="w", dims=[4], data_type=onnx.TensorProto.FLOAT)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    graph = onnx.GraphProto(name="g", initializer=[tensor])
    return onnx.ModelProto(ir_version=8, graph=graph).SerializeToString()


FILES = {
    # Code
    "reduce.pt": (torch_zip(pickle.dumps({"w": Evil()})), "posix.system"),
    "reduce-protocol-0.pt": (pickle.dumps(Evil(), 0), "posix.system"),
    "reduce-protocol-4.pt": (torch_zip(pickle.dumps([1, Evil()], 4)), "posix.system"),
    "inst.pt": (torch_zip(b"(S'" + COMMAND + b"'\nios\nsystem\n."), "os.system"),
    "obj.pt": (torch_zip(b"(cos\nsystem\nS'" + COMMAND + b"'\no."), "os.system"),
    "newobj.pt": (torch_zip(b"\x80\x02csubprocess\nPopen\n(U\x02idt\x81."), "subprocess.Popen"),
    "newobj-ex.pt": (torch_zip(b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93)}\x92."), "subprocess.Popen"),
    "build.pt": (torch_zip(b"\x80\x02ctorch._utils\n_rebuild_parameter\n}b."), "sets attributes"),
    "hidden-in-state.pt": (
        torch_zip(b"\x80\x02ccollections\nOrderedDict\n)R}U\x09_metadatacos\nsystem\n(U\x02idtRsb."),
        "os.system",
    ),
    "nested.pt": (torch_zip(pickle.dumps(EvilArgument())), "_pickle.loads"),
    "attribute.pt": (torch_zip(pickle.dumps(EvilAttribute(), 4)), "builtins.getattr"),
    "eval.pt": (torch_zip(b"\x80\x02c__builtin__\neval\nU\x011\x85R."), "__builtin__.eval"),
    "unprintable-name.pt": (torch_zip(b"\x80\x04\x8c\x05\x1b[31m\x8c\x01x\x93."), "'"),
    "extension.pt": (torch_zip(b"\x80\x02\x82\x01."), "EXT1"),
    "next-buffer.pt": (torch_zip(b"\x80\x05\x97."), "NEXT_BUFFER"),
    "persistent-module.pt": (torch_zip(b"\x80\x02(U\x06moduleU\x01aU\x01bU\x01cU\x01dtQ."), "'module'"),
    "persistent-text.pt": (torch_zip(b"Pevil\n."), "evil"),
    "call-a-storage-type.pt": (torch_zip(b"\x80\x02ctorch\nFloatStorage\n)R."), "calls torch.FloatStorage"),
    "call-a-result.pt": (torch_zip(b"\x80\x02}(tR."), "calls a value"),
    "legacy.pt": (LEGACY_HEAD + pickle.dumps({"w": Evil()}, 2), "posix.system"),
    "legacy-keys.pt": (LEGACY_HEAD + pickle.dumps({}, 2) + pickle.dumps(Evil(), 2), "posix.system"),
    "whole-module.pt": (torch_zip(pickle.dumps(torch.nn.Linear)), "torch.nn.modules.linear.Linear"),
    "objects.npy": (saved(np.array([Evil()], dtype=object), allow_pickle=True), "Python objects"),
    "objects.npz": (zipped(("a.npy", saved(np.array([Evil()], object), allow_pickle=True))), "Python objects"),
    # Memory and time
    "laughs.pt": (torch_zip(laughing_dictionaries()), "more than 1,000,000"),
    "nested-lists.pt": (torch_zip(laughs()), ""),
    "repeated-text.pt": (
        torch_zip(b"\x80\x02T" + struct.pack("<i", 1 << 20) + b"x" * (1 << 20) + b"q\x000](" + b"h\x00" * 1000 + b"e."),
        "its texts would have",
    ),
    "long-key.pt": (
        torch_zip(b"\x80\x02}U\x01a}(T" + struct.pack("<i", 1 << 20) + b"x" * (1 << 20) + b"q\x00Nh\x00Nus."),
        "key of 1,048,576",
    ),
    "laughing-path.pt": (torch_zip(laughs_in(b"cpathlib\nPosixPath\n")), "a part of a path"),
    "laughing-device.pt": (torch_zip(laughs_in(b"ctorch\ndevice\n")), "a device"),
    "laughing-type.pt": (torch_zip(laughs_in(b"cnumpy\ndtype\n")), "a numpy data type"),
    "laughing-layout.pt": (torch_zip(laughs_in(b"ctorch.serialization\n_get_layout\n")), "a layout"),
    "laughing-set.pt": (torch_zip(b"\x80\x04\x8f(" + laughs()[2:-1] + b"\x90."), "more than 1,000,000"),
    "laughing-key.pt": (torch_zip(b"\x80\x02}" + laughs()[2:-1] + b"Ns."), "for a key"),
    "laughing-id.pt": (torch_zip(laughs()[:-1] + b"Q."), "refers to"),
    "deep-set.pt": (torch_zip(b"\x80\x04\x8f(N" + b"\x85" * 300_000 + b"\x90."), "nested more than 100"),
    "steering.npz": (zipped(("a\x1b[31m.npy", saved(np.zeros(2)))), "a member called"),
    "deep.pt": (torch_zip(b"]" * 200_000 + b"a" * 199_999 + b"."), "nested more than 100 deep"),
    "deep-dictionaries.pt": (torch_zip(b"\x80\x02K\x01" + b"q\x000}U\x01ah\x00s" * 150_000 + b"."), "nested"),
    "itself.pt": (torch_zip(b"]q\x00h\x00a."), "nested more than 100 deep"),
    "endless-text.pt": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40), "announces 1,099,511,627,776 bytes"),
    "huge-number.pt": (torch_zip(b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b"."), "bits"),
    "colliding-set.pt": (
        torch_zip(b"\x80\x04\x8f(" + b"".join(_long(i * (2**61 - 1)) for i in range(20_000)) + b"\x90."),
        "a set of 20,000",
    ),
    "operations.pt": (torch_zip(b"N0" * 2_100_000 + b"N."), "operations"),
    "expanded.pt": (torch_zip(rebuilt((1 << 40,), (0,)), _0=bytes(4)), "100 times"),
    "packed-parts.pt": (packed_parts(), "is but a part of it"),
    "outside.pt": (torch_zip(rebuilt((100,), (1,)), _0=bytes(4)), "ends before"),
    "negative.pt": (torch_zip(rebuilt((1,), (1,), offset=-4), _0=bytes(4)), "offset"),
    "negative-stride.pt": (torch_zip(rebuilt((2,), (-1,), count=2), _0=bytes(8)), "no tensor has"),
    "absurd-shape.pt": (torch_zip(rebuilt((1 << 40, 1 << 40), (0, 0)), _0=bytes(4)), "larger than any machine"),
    "header-length.safetensors": (b"\xff" * 7 + b"\x00{" + bytes(100), "header of"),
    "header-nesting.safetensors": (safetensors(b'{"a":' + b"[" * 500_000), "header is damaged"),
    "shared.safetensors": (
        safetensors(
            {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in ("a", "b")}, bytes(8)
        ),
        "share bytes",
    ),
    "twice.safetensors": (
        safetensors(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
        "occurs twice",
    ),
    "hole.safetensors": (
        safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [4, 5]}}, bytes(5)),
        "no tensor holds",
    ),
    "absurd.safetensors": (
        safetensors({"a": {"dtype": "F64", "shape": [2**62, 2**62], "data_offsets": [0, 8]}}, bytes(8)),
        "larger than any machine",
    ),
    "nested-header.npy": (b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"(" * 9000, "damaged header"),
    "long-header.npy": (b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31), "header of"),
    "overlapping.npz": (overlapping(), "lies over another"),
    "lying-size.npz": (lying_size(), "cannot have the size"),
    "renamed.npz": (renamed(), "contradict"),
    "twice.npz": (
        zipped(("a.npy", saved(np.zeros(2))), ("b.npy", saved(np.ones(2)))).replace(b"b.npy", b"a.npy"),
        "twice",
    ),
    "two-ends.npz": (zipped(("a.npy", saved(np.zeros(2)))) + zipped(("b.npy", b"x")), ""),
    "comment.npz": (zipped(("a.npy", saved(np.zeros(2)))) + b"trailing bytes of another reader", "behind its end"),
    "two-streams.pt": (zipped(("a/data.pkl", b"N."), ("b/data.pkl", b"N.")), "2 pickle streams"),
    "counts.gguf": (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "announces"),
    "text.gguf": (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 60), "announces a text"),
    "list.gguf": (
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 0, 1 << 50),
        "announces a list",
    ),
    "copied-lists.pt": (
        pickled(numbers(1_000_000) + calls(b"cbuiltins\nlist\n", b"h\x00\x85")),
        "bytes of memory",
    ),
    "copied-dictionaries.pt": (
        pickled(b"}q\x00(" + b"K\x07N" * 500_000 + b"u0" + calls(b"cbuiltins\ndict\n", b"h\x00\x85")),
        "bytes of memory",
    ),
    "copied-texts.pt": (
        pickled(text(1_000_000) + b"X\x06\0\0\0latin1q\x020" + calls(b"c_codecs\nencode\n", b"h\x00h\x02\x86")),
        "bytes of memory",
    ),
    "copied-bytes.pt": (
        pickled(b"\x96" + struct.pack("<Q", 1 << 20) + bytes(1 << 20) + b"q\x000(" + b"h\x00" * 1000 + b"l"),
        "its texts would have",
    ),
    "list-of-bytes.pt": (pickled(b"cbuiltins\nlist\nC\x09123456789\x85R"), "something else than a list"),
    "long-path.pt": (
        pickled(b"cpathlib\nPosixPath\n(X\x01\0\0\0aq\x00" + b"h\x00" * 100_000 + b"tR"),
        "a path of 100,001 parts",
    ),
    "one-list-in-many-places.pt": (pickled(numbers(1_000_000) + b"(" + b"h\x00" * 60 + b"l"), "more than 1,000,000"),
    "many-dictionaries.pt": (pickled(b"(" + b"}" * 3_900_000 + b"l"), "bytes of memory"),
    "long-names.pt": (
        pickled(text(9000) + b"}q\x01(" + b"K\x07N" * 60_000 + b"u0}h\x00h\x01s"),
        "bytes of memory",
    ),
    "long-packed-text.pt": (pickled(text(80_000_000)), "its pickle stream unfolds"),
    "endless-line.pt": (endless_line, "a line of more than"),
    "linked.h5": (linked_h5, "by more than 10,000 names"),
    "long-texts.gguf": (long_texts_gguf, "bytes of memory"),
    "empty-texts.gguf": (
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 8, 9_900_000) + bytes(9_900_000),
        "announces a list",
    ),
    # Other contents for other readers
    "names-by-case.pt": (two_names_of_one_storage(first=True), "takes for 'a/data/0'"),
    "names-by-case-first.pt": (two_names_of_one_storage(first=False), "takes for 'a/data/0'"),
    "stream-by-case.pt": (zipped(("a/data.pkl", b"N."), ("a/DATA.PKL", b"K\x01.")), "takes for 'a/data.pkl'"),
    "order-by-case.pt": (zipped(("a/data.pkl", b"N."), ("a/ByteOrder", b"big")), "takes for 'a/byteorder'"),
    "two-folders.pt": (zipped(("b/DATA.PKL", b"K\x01."), ("a/data.pkl", b"N.")), "outside of 'a/'"),
    "deeper-stream.pt": (zipped(("a/b/data.pkl", b"N.")), "where torch would not look"),
    "slot-state.pt": (torch_zip(b"\x80\x02cargparse\nNamespace\n)\x81(N}U\x01aK\x01stb."), "in no dictionary"),
    "built-twice.pt": (
        torch_zip(b"\x80\x02cargparse\nNamespace\n)\x81}U\x01aK\x01sb}U\x01bK\x02sb."),
        "attributes twice",
    ),
    "array-built-twice.pt": (
        torch_zip(pickle.dumps(np.float32(1))[:-1] + b"(K\x01)cnumpy\ndtype\nU\x02f4\x85R\x89U\x04abcdtb."),
        "numbers twice",
    ),
    "namespace-arguments.pt": (torch_zip(b"\x80\x02ctypes\nSimpleNamespace\n}\x85R."), "other arguments"),
    "attribute-of-a-dictionary.pt": (
        torch_zip(b"\x80\x02ccollections\nOrderedDict\n)R}U\x05extraK\x01sb."),
        "the attribute 'extra'",
    ),
    "third-of-a-pair.pt": (torch_zip(b"\x80\x02ccollections\nOrderedDict\n]](U\x01aNNea\x85R."), "damaged"),
    "bytes-of-another-encoding.pt": (
        torch_zip(b"\x80\x02cbuiltins\nbytearray\nX\x02\0\0\0\xc3\xa9U\x04utf8\x86R."),
        "another encoding",
    ),
    "path-that-begins-anew.pt": (torch_zip(b"\x80\x02cpathlib\nPosixPath\nU\x01aU\x02/b\x86R."), "begins anew"),
    "items-of-a-list.pt": (torch_zip(b"\x80\x02]NNs."), "sets items of a list"),
    "items-of-a-namespace.pt": (torch_zip(b"\x80\x02cargparse\nNamespace\n)\x81(NNu."), "sets items of a Rebuilt"),
    "append-to-a-dictionary.pt": (torch_zip(b"\x80\x02}Na."), "appends to a Dictionary"),
    "members-of-a-list.pt": (torch_zip(b"\x80\x04](N\x90."), "adds members to a list"),
    "sparse-initializer.onnx": (
        onnx_model(graph=onnx.GraphProto(name="g", sparse_initializer=[SPARSE])),
        "'s' is a sparse initializer",
    ),
    "sparse-attribute.onnx": (onnx_attribute(sparse_tensor=SPARSE), "'c' is given as sparse_tensor"),
    "sparse-attributes.onnx": (onnx_attribute(sparse_tensors=[SPARSE]), "'c' is given as sparse_tensors"),
    "unknown-field.onnx": (onnx_model() + b"\xf8\x3f\x01", "does not know"),
    "external-nowhere.onnx": (onnx_tensor(data_location=1), "'w' are in another file"),
    "external-and-here.onnx": (onnx_tensor(data_location=1, raw_data=bytes(8)), "'w' are in another file"),
    "two-forms.onnx": (onnx_tensor(raw_data=bytes(8), float_data=[1, 2]), "in several forms"),
    "segment.onnx": (
        onnx_tensor(raw_data=bytes(8), segment=onnx.TensorProto.Segment(begin=0, end=2)),
        "a segment",
    ),
    # Other people's files
    "linked-to-external.h5": (linked_to_external_h5, "'a' leads to '/z/w'"),
    "external.h5": (external_h5, "leads to another file"),
    "raw-external.h5": (raw_external_h5, "in another file"),
    "cyclic.h5": (cyclic_h5, "within itself"),
    "external.onnx": (external_onnx(), "in a file outside of the folder"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every hostile file, in a folder."""
    made = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in FILES.items():
        written = content(made) if callable(content) else content
        if written is not None:
            (made / name).write_bytes(written)
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_by_name_and_executes_nothing(folder, name, monkeypatch):
    """The error says what is wrong, and the payload's file is not made."""
    monkeypatch.chdir(folder)
    with pytest.raises(CheckpointError) as caught:
        content_digest(name)
    assert FILES[name][1] in str(caught.value)
    assert str(caught.value).isprintable() or "\n" in str(caught.value)
    assert not Path(CANARY).exists()


CODE = [name for name in FILES if name in list(FILES)[: list(FILES).index("objects.npz") + 1]]


@pytest.mark.parametrize("name", CODE)
def test_what_would_run_code_is_told_from_what_is_damaged(folder, name):
    """A user must see the difference between a broken file and an attack."""
    with pytest.raises(UnsafeCheckpointError), open_tensors(folder / name):
        pass


LIMITED = """
import re, resource, sys
from pathlib import Path
from repro_nb.checkpoints.content import content_digest
from repro_nb.errors import CheckpointError
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for path in sorted(Path(sys.argv[1]).iterdir()):
    if path.suffix in (".pt", ".npz", ".npy", ".safetensors"):
        try:
            content_digest(path)
        except CheckpointError:
            print(path.name)
status = Path("/proc/self/status")
if status.exists() and int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) > 1 << 20:
    print("more-than-a-GiB")
"""


def test_all_of_them_together_stay_within_bounded_memory_and_time(folder):
    """A process that is given a GiB and a minute refuses them all, without numpy or torch."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    expected = {name for name in FILES if name.endswith((".pt", ".npz", ".npy", ".safetensors"))}
    assert set(done.stdout.split()) == expected


def test_a_distributed_checkpoint_with_a_payload_in_its_metadata_executes_nothing(
    tmp_path, monkeypatch
):
    """Its own reader runs it where it reads the metadata; here the folder is refused before anything is read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dcp").mkdir()
    (tmp_path / "dcp" / ".metadata").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(CheckpointError, match=r"torch\.distributed"):
        content_digest("dcp")
    assert not Path(CANARY).exists()


@pytest.mark.parametrize("shard", ["../secret.safetensors", "/etc/passwd", "a/../../b", "", ".."])
def test_an_index_cannot_lead_out_of_its_folder(tmp_path, shard):
    """Names of shards are names of files in the folder, nothing else."""
    index = {"metadata": {}, "weight_map": {"w": shard}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UnsafeCheckpointError, match="names the shard"):
        content_digest(tmp_path)


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_a_file_that_is_cut_is_never_read_as_a_shorter_one(tmp_path, cut):
    """Every format notices that its end is missing."""
    weights = {"w": torch.arange(100.0), "b": torch.zeros(3)}
    torch.save(weights, tmp_path / "zip.pt")
    torch.save(weights, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    np.savez(tmp_path / "a.npz", **{name: each.numpy() for name, each in weights.items()})
    np.save(tmp_path / "a.npy", np.arange(100.0))
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-cut])
        with pytest.raises(CheckpointError):
            content_digest(path)


def test_random_damage_is_an_error_or_another_digest_but_never_a_crash(tmp_path):
    """Of 150 flipped bits none brings another exception through.

    Each ends in a typed error, in another digest, or in the same one where nothing looks at that bit.
    """
    torch.save({"w": torch.arange(20.0), "n": [1, {"a": (2.5, "x")}]}, tmp_path / "a.pt")
    np.savez_compressed(tmp_path / "a.npz", w=np.arange(20.0))
    (tmp_path / "a.safetensors").write_bytes(
        safetensors({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8))
    )
    random = np.random.default_rng(0)
    for name in ("a.pt", "a.npz", "a.safetensors"):
        whole = (tmp_path / name).read_bytes()
        for bit in random.integers(0, 8 * len(whole), 50):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << (bit % 8)
            path = tmp_path / f"damaged{Path(name).suffix}"
            path.write_bytes(damaged)
            try:
                content_digest(path)
            except CheckpointError:
                continue


def test_a_machine_with_less_memory_than_a_file_takes_refuses_it(tmp_path):
    """The error is typed, as for any other file that asks for too much."""
    (tmp_path / "a.pt").write_bytes(pickled(text(60_000_000)))
    code = LIMITED.replace("(2 << 30, 2 << 30)", "(90 << 20, 90 << 20)")
    code = code.replace("print(path.name)", "print(sys.exc_info()[1])")
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "more memory than there is" in done.stdout
