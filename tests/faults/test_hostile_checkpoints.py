"""Checkpoints that were made to do harm: they execute nothing, hang nothing, and are refused by name."""

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
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
        "names and texts",
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
    "endless-text.pt": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40), "more than 536,870,912 bytes"),
    "huge-number.pt": (torch_zip(b"\x80\x02\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + b"."), "bits"),
    "colliding-set.pt": (
        torch_zip(b"\x80\x04\x8f(" + b"".join(_long(i * (2**61 - 1)) for i in range(20_000)) + b"\x90."),
        "a set of 20,000",
    ),
    "operations.pt": (torch_zip(b"N0" * 1_600_000 + b"N."), "operations"),
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
    # Other people's files
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
        (made / name).write_bytes(content(made) if callable(content) else content)
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
import resource, sys
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
"""


def test_all_of_them_together_stay_within_bounded_memory_and_time(folder):
    """A process that is given 2 GiB and a minute refuses them all, without numpy or torch."""
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
