"""The other formats: safetensors, npz and npy, folders of shards, HDF5, ONNX, GGUF."""

import json
import pickle
import zipfile

import gguf
import h5py
import ml_dtypes
import numpy as np
import onnx
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.loading import array_of
from repro_nb.checkpoints.tensors import open_tensors
from repro_nb.errors import CheckpointError

NUMBERS = st.sampled_from(["<f4", ">f4", "<f8", "<f2", "<i8", ">i2", "|u1", "|b1", "<c8", ">c16"])


def tensors(path):
    """Tensors of a checkpoint as nested lists."""
    with open_tensors(path) as found:
        return {entry.name: array_of(entry).tolist() for entry in found.tensors}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A folder that all examples of a property share."""
    return tmp_path_factory.mktemp("scratch")


@settings(max_examples=60, deadline=None)
@given(data=st.data(), packed=st.booleans(), fortran=st.booleans())
def test_any_array_survives_npz_and_npy(scratch, data, packed, fortran):
    """Every shape, byte order, memory order and packing gives the bytes that numpy itself reads."""
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    array = data.draw(arrays.arrays(data.draw(NUMBERS), shape))
    array = np.array(array, order="F" if fortran else "C")
    (np.savez_compressed if packed else np.savez)(scratch / "a.npz", w=array)
    np.save(scratch / "a.npy", array)
    little = array.astype(array.dtype.newbyteorder("<")).tobytes()
    for path, name in ((scratch / "a.npz", "w"), (scratch / "a.npy", "")):
        with open_tensors(path) as found:
            entry = found.entries[name]
            assert b"".join(map(bytes, entry.chunks(16))) == little
            assert entry.shape == array.shape


@pytest.mark.parametrize(
    "array", [np.array(["a", "bcd"]), np.array([b"x"]), np.array(["2020-01-01"], "M8[D]")]
)
def test_text_and_dates_are_bytes_of_their_own_type(tmp_path, array):
    """They are no numbers, and are hashed and compared all the same."""
    np.save(tmp_path / "a.npy", array)
    with open_tensors(tmp_path / "a.npy") as found:
        (entry,) = found.tensors
    assert entry.dtype.startswith(f"bytes:{array.itemsize}:{array.dtype.kind}")


def test_long_doubles_are_refused(tmp_path):
    """Their bytes are others on other machines."""
    np.save(tmp_path / "a.npy", np.zeros(2, np.longdouble))
    with pytest.raises(CheckpointError, match="other machines"):
        tensors(tmp_path / "a.npy")


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float32", "bool"])
def test_safetensors_are_read_as_its_own_library_reads_them(tmp_path, dtype):
    """Data types that numpy lacks are those of ml_dtypes."""
    array = np.arange(6).reshape(2, 3).astype(getattr(ml_dtypes, dtype, dtype))
    content = safetensors.numpy.save({"b.w": array, "a": array[:0]}, {"format": "np"})
    (tmp_path / "a.safetensors").write_bytes(content)
    with open_tensors(tmp_path / "a.safetensors") as found:
        assert array_of(found.entries["b.w"]).tobytes() == array.tobytes()
        assert found.entries["a"].shape == (0, 3)


def test_four_bit_numbers_share_bytes(tmp_path):
    """The size counts bits; loading them is refused, as numpy has no such numbers."""
    header = json.dumps({"w": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "a.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + b"\x12\x34"
    )
    assert content_digest(tmp_path / "a.safetensors").rows[0].dtype == "F4"
    with pytest.raises(CheckpointError, match="numpy has not"):
        tensors(tmp_path / "a.safetensors")


@pytest.fixture
def sharded(tmp_path):
    """Two shards with their index."""
    for name, tensor in (("1.safetensors", "a"), ("2.safetensors", "b")):
        safetensors.numpy.save_file({tensor: np.arange(3.0)}, tmp_path / name)
    index = {"metadata": {}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_a_sharded_folder_is_one_checkpoint(sharded):
    """The same digest as one file with all tensors."""
    safetensors.numpy.save_file(
        {"a": np.arange(3.0), "b": np.arange(3.0)}, sharded / "one.safetensors"
    )
    whole = content_digest(sharded / "one.safetensors").digest
    (sharded / "one.safetensors").unlink()
    found = content_digest(sharded)
    assert found.digest == whole
    assert [row.place.file for row in found.rows] == ["1.safetensors", "2.safetensors"]


def test_a_missing_shard_is_named(sharded):
    """No partial model passes for the whole."""
    (sharded / "2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"2\.safetensors is missing"):
        content_digest(sharded)


def test_a_shard_that_holds_other_tensors_than_the_index_says_is_named(sharded):
    """Swapped shards are found."""
    safetensors.numpy.save_file({"c": np.arange(3.0)}, sharded / "2.safetensors")
    with pytest.raises(CheckpointError, match="does not hold the tensor 'b'"):
        content_digest(sharded)


def test_arrays_of_a_folder_are_called_as_their_files(tmp_path):
    """A ``.npy`` has no name of its own."""
    np.save(tmp_path / "w.npy", np.zeros(1))
    np.save(tmp_path / "b.npy", np.zeros(2))
    assert set(tensors(tmp_path)) == {"w", "b"}


@pytest.mark.parametrize(
    "options", [{}, {"chunks": (2, 2)}, {"compression": "gzip", "shuffle": True}]
)
def test_hdf5_data_sets_are_tensors_by_their_paths(tmp_path, options):
    """In a row, in chunks, compressed: the same numbers."""
    array = np.arange(15, dtype="f4").reshape(5, 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("layer/kernel:0", data=array, **options)
        file.create_dataset("big", data=array.astype(">f8"))
        file["note"] = "text"
        file["empty"] = np.zeros((0, 3))
    with open_tensors(tmp_path / "a.h5") as found:
        numbers = {entry.name: array_of(entry).tolist() for entry in found.tensors}
        assert found.entries["note"].value == "text"
    assert numbers == {"layer/kernel:0": array.tolist(), "big": array.tolist(), "empty": []}


def test_onnx_initializers_and_constants_are_tensors(tmp_path):
    """Raw or listed, in the graph or in a node."""
    raw = onnx.numpy_helper.from_array(np.arange(3, dtype="f4"), "raw")
    listed = onnx.helper.make_tensor("listed", onnx.TensorProto.INT64, [2], [5, 6])
    half = onnx.helper.make_tensor("half", onnx.TensorProto.FLOAT16, [1], [1.5])
    constant = onnx.helper.make_node(
        "Constant", [], ["c"], value=onnx.numpy_helper.from_array(np.float32(2))
    )
    graph = onnx.helper.make_graph([constant], "g", [], [], [raw, listed, half])
    onnx.save(onnx.helper.make_model(graph), tmp_path / "a.onnx")
    assert tensors(tmp_path / "a.onnx") == {
        "raw": [0, 1, 2],
        "listed": [5, 6],
        "half": [1.5],
        "c": 2,
    }


def _onnx(*nodes, **options):
    training = options.pop("training_info", [])
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", [], []), **options)
    model.training_info.extend(training)
    return model


def _constant(output, **value):
    return onnx.helper.make_node("Constant", [], [output], **value)


def _function(number):
    node = _constant("y", value=onnx.numpy_helper.from_array(np.float32(number)))
    opset = [onnx.helper.make_opsetid("", 18)]
    return onnx.helper.make_function("d", "F", [], ["y"], [node], opset)


def _trained(number):
    training = onnx.TrainingInfoProto()
    training.initialization.CopyFrom(_onnx(_constant("c", value_float=number)).graph)
    training.algorithm.CopyFrom(_onnx(_constant("c", value_float=number + 1)).graph)
    return [training]


@pytest.mark.parametrize(
    "made",
    [
        lambda number: _onnx(_constant("c", value_float=number)),
        lambda number: _onnx(_constant("c", value_floats=[1.0, number])),
        lambda number: _onnx(_constant("c", value_int=int(number))),
        lambda number: _onnx(_constant("c", value_ints=[1, int(number)])),
        lambda number: _onnx(_constant("c", value_string=str(number))),
        lambda number: _onnx(_constant("c", value_strings=["a", str(number)])),
        lambda number: _onnx(onnx.helper.make_node("LeakyRelu", ["x"], ["y"], alpha=number)),
        lambda number: _onnx(
            onnx.helper.make_node(
                "Own", [], ["y"], t=[onnx.numpy_helper.from_array(np.float32(number))]
            )
        ),
        lambda number: _onnx(
            onnx.helper.make_node(
                "Own", [], ["y"], graphs=[_onnx(_constant("c", value_float=number)).graph]
            )
        ),
        lambda number: _onnx(functions=[_function(number)]),
        lambda number: _onnx(training_info=_trained(number)),
    ],
    ids=[
        *("float", "floats", "int", "ints", "string", "strings", "option of a node"),
        *("tensors", "graphs", "function", "training"),
    ],
)
def test_every_number_of_an_onnx_model_is_in_its_digest(tmp_path, made):
    """Wherever in the model it is."""
    digests = set()
    for number in (1.0, 2.0):
        (tmp_path / "a.onnx").write_bytes(made(number).SerializeToString())
        digests.add(content_digest(tmp_path / "a.onnx").digest)
    assert len(digests) == 2


def test_nodes_of_one_name_are_told_apart_by_their_outputs(tmp_path):
    """Names of nodes are no more than a help to people."""
    nodes = [
        onnx.helper.make_node("LeakyRelu", [f"x{n}"], [f"y{n}"], name="same", alpha=float(n))
        for n in range(2)
    ]
    (tmp_path / "a.onnx").write_bytes(_onnx(*nodes).SerializeToString())
    with open_tensors(tmp_path / "a.onnx") as found:
        values = {name: entry.value for name, entry in found.entries.items()}
    assert values == {"y0/alpha": 0.0, "y1/alpha": 1.0}


def test_links_within_an_hdf5_file_lead_to_the_same_numbers(tmp_path):
    """To groups and data sets; a link to a type is nothing to read."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/w"] = np.arange(3.0)
        file["type"] = np.dtype("f4")
        for name, target in (("alias", "/g"), ("w", "/g/w"), ("other", "/type")):
            file[name] = h5py.SoftLink(target)
        file["hard"] = file["g"]
    assert set(tensors(tmp_path / "a.h5")) == {"alias/w", "g/w", "hard/w", "w"}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("place", [20, 200])
def test_a_member_of_an_npz_that_lost_a_bit_is_told_by_its_checksum(
    tmp_path, packed, fortran, place
):
    """As numpy tells it, in the header too; without it a changed archive would but have another digest."""
    array = np.zeros((8, 9)).T if fortran else np.zeros((8, 9))
    (np.savez_compressed if packed else np.savez)(tmp_path / "a.npz", w=array)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        data, info = bytearray(archive.read("w.npy")), archive.getinfo("w.npy")
    if place == 20:  # a blank of the header becomes a tabulator: it says the same
        place = data.index(b"  ")
        data[place] = 9
    else:
        data[place] ^= 1
    with zipfile.ZipFile(tmp_path / "b.npz", "w", info.compress_type) as archive:
        archive.writestr("w.npy", bytes(data))
    damaged = (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "b.npz") as archive:
        other = archive.getinfo("w.npy").CRC
    old, new = (crc.to_bytes(4, "little") for crc in (other, info.CRC))
    (tmp_path / "b.npz").write_bytes(damaged.replace(old, new))
    content_digest(tmp_path / "a.npz")
    with pytest.raises(CheckpointError, match="checksum"):
        content_digest(tmp_path / "b.npz")


def test_gguf_tensors_and_metadata_are_read(tmp_path):
    """Plain ones are numbers; quantised ones are blocks."""
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_block_count(2)
    writer.add_array("list", ["x", "y"])
    weights = np.arange(64, dtype="f4").reshape(2, 32)
    writer.add_tensor("w", weights)
    blocks = gguf.quants.quantize(weights, gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("q", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    for step in (
        writer.write_header_to_file,
        writer.write_kv_data_to_file,
        writer.write_tensors_to_file,
    ):
        step()
    writer.close()
    with open_tensors(tmp_path / "a.gguf") as found:
        assert array_of(found.entries["w"]).tolist() == weights.tolist()
        quantised = found.entries["q"]
        assert (quantised.dtype, quantised.shape) == ("bytes:34:Q8_0", (2, 1))
        assert b"".join(map(bytes, quantised.chunks())) == blocks.tobytes()
        assert found.entries["metadata/llama.block_count"].value == 2
        assert found.entries["metadata/list"].value == ["x", "y"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_arrays_is_read_as_data(tmp_path, protocol):
    """In every protocol, with the types of ml_dtypes too."""
    arrays = {
        "w": np.arange(6, dtype=">f4").reshape(2, 3).T,
        "half": np.ones(2, ml_dtypes.bfloat16),
        "day": np.array(["2020-01-01"], "M8[D]"),
        "epoch": 3,
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(arrays, protocol))
    with open_tensors(tmp_path / "a.pkl") as found:
        assert array_of(found.entries["w"]).tolist() == arrays["w"].tolist()
        assert array_of(found.entries["half"]).dtype == ml_dtypes.bfloat16
        assert found.entries["day"].dtype == "bytes:8:M8[D]"
        assert found.entries["epoch"].value == 3


@pytest.mark.parametrize("shape", [(20_000, 500), (1, 9_000_000), (3, 3_000_000)])
def test_data_sets_and_views_that_are_read_in_blocks_are_whole(tmp_path, shape):
    """Larger than what is read at a time, by rows and within a row."""
    array = np.random.default_rng(0).integers(0, 2**62, shape)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("w", data=array, chunks=(1, shape[1] // 10))
    np.savez(tmp_path / "a.npz", w=np.asfortranarray(array[:, ::-1])[:, ::-1])
    np.savez(tmp_path / "b.npz", w=array)
    digests = {content_digest(path, "xxh3").digest for path in tmp_path.iterdir()}
    assert len(digests) == 1


@pytest.mark.parametrize(("content", "words"), [(b"", "is empty"), (b"hello", "no format")])
def test_what_is_no_checkpoint_is_told_so(tmp_path, content, words):
    """With the formats that are known."""
    (tmp_path / "a.dat").write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        content_digest(tmp_path / "a.dat")
