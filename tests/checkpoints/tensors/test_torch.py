"""torch's checkpoints, in both forms, read without torch's unpickler."""

import argparse
import collections
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from repro_nb.checkpoints.loading import array_of
from repro_nb.checkpoints.tensors import TensorEntry, ValueEntry, open_tensors
from repro_nb.errors import CheckpointError

FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


@pytest.fixture
def read(tmp_path):
    """Saves a value with torch and reads it back as entries, with their bytes."""

    def saved(value, *, zipped=True, entries_only=False):
        path = tmp_path / "model.pt"
        torch.save(value, path, _use_new_zipfile_serialization=zipped)
        with open_tensors(path) as found:
            if entries_only:
                return found.entries
            return {name: told(entry) for name, entry in found.entries.items()}

    return saved


def told(entry):
    """A tensor as (data type, nested list), a value as (kind, value)."""
    if isinstance(entry, ValueEntry):
        return entry.kind, entry.value
    return entry.dtype, array_of(entry).tolist()


@FORMS
@pytest.mark.parametrize(
    ("tensor", "dtype"),
    [
        (torch.tensor([1.5, -0.0]), "F32"),
        (torch.tensor([1.5], dtype=torch.float64), "F64"),
        (torch.tensor([1.5], dtype=torch.float16), "F16"),
        (torch.tensor([1.5, 3e38], dtype=torch.bfloat16), "BF16"),
        (torch.tensor([1.5]).to(torch.float8_e4m3fn), "F8_E4M3"),
        (torch.tensor([1.5]).to(torch.float8_e5m2), "F8_E5M2"),
        (torch.tensor([1 + 2j]), "C64"),
        (torch.tensor([True, False]), "BOOL"),
        (torch.tensor([2**62, -1]), "I64"),
        (torch.tensor([255], dtype=torch.uint8), "U8"),
        (torch.tensor([2**15], dtype=torch.uint16), "U16"),
    ],
    ids=str,
)
def test_each_data_type_has_its_own_name_and_numbers(read, tensor, dtype, zipped):
    """No data type is taken for another of the same width."""
    found_dtype, numbers = read(tensor, zipped=zipped)[""]
    assert found_dtype == dtype
    assert numbers == tensor.to(torch.complex128 if dtype == "C64" else torch.float64).tolist()


@FORMS
@pytest.mark.parametrize(
    "view",
    [
        torch.arange(12).reshape(3, 4).T,
        torch.arange(24).reshape(2, 3, 4)[:, 1:, ::2],
        torch.arange(12)[5:7],
        torch.arange(3).expand(4, 3),
        torch.arange(1).expand(0, 1),
        torch.zeros(2, 0, 3, dtype=torch.int64),
        torch.tensor(7),
        torch.arange(16).reshape(1, 4, 2, 2).to(memory_format=torch.channels_last),
    ],
    ids=[
        "transposed",
        "sliced",
        "offset",
        "expanded",
        "none expanded",
        "empty",
        "0-d",
        "channels last",
    ],
)
def test_a_view_is_read_as_the_numbers_it_shows(read, view, zipped):
    """However a tensor lies in its storage, its elements come in C order."""
    assert read(view, zipped=zipped)[""] == ("I64", view.tolist())


@FORMS
def test_tied_tensors_are_both_there(read, zipped):
    """Two names of one storage are two entries with the same numbers."""
    weight = torch.arange(3.0)
    found = read({"a": weight, "b": weight, "row": weight[1:]}, zipped=zipped)
    assert found == {"a": ("F32", [0, 1, 2]), "b": ("F32", [0, 1, 2]), "row": ("F32", [1, 2])}


@FORMS
def test_values_keep_their_kind_and_containers_give_the_names(read, zipped):
    """A training state is read whole: numbers, text, options, nested dictionaries and lists."""
    state = {
        "epoch": 3,
        "lr": 0.1,
        "best": None,
        "done": True,
        "betas": (0.9, 0.999),
        "args": argparse.Namespace(name="run"),
        "groups": [{"params": [0, 1]}, {"params": []}],
        "empty": {},
        "default": collections.defaultdict(list, {1: "one"}),
        "counter": collections.Counter({30: 1}),
        "set": {1, 2},
        "z": 1j,
        "raw": b"\x00\xff",
        "dtype": torch.float16,
        "device": torch.device("cuda", 1),
        "size": torch.Size([2, 3]),
        "path": Path("a/b"),
    }
    found = read(state, zipped=zipped)
    assert found == {
        "epoch": ("int", 3),
        "lr": ("float", 0.1),
        "best": ("none", None),
        "done": ("bool", True),
        "betas": ("tuple", (0.9, 0.999)),
        "args/name": ("str", "run"),
        "groups/0/params": ("list", [0, 1]),
        "groups/1/params": ("list", []),
        "empty": ("dict", {}),
        "default/1": ("str", "one"),
        "counter/30": ("int", 1),
        "set": ("set", frozenset({1, 2})),
        "z": ("complex", 1j),
        "raw": ("bytes", b"\x00\xff"),
        "dtype": ("dtype", "torch.float16"),
        "device": ("device", "cuda:1"),
        "size": ("tuple", (2, 3)),
        "path": ("str", "a/b"),
    }


@FORMS
def test_an_optimizer_state_is_read(read, zipped):
    """Adam's state after a step: one entry for each of its tensors and settings."""
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    found = read({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, zipped=zipped)
    assert found["optimizer/state/0/step"] == ("F32", 1.0)
    assert found["optimizer/param_groups/0/betas"] == ("tuple", (0.9, 0.999))
    assert found["model/weight"] == ("F32", model.weight.tolist())


@pytest.mark.filterwarnings("ignore")
def test_quantised_tensors_are_whole_numbers_with_their_scales(read):
    """Nothing is dequantised; scale, zero point and axis are entries of their own."""
    scales, points = torch.tensor([0.5, 0.25]), torch.tensor([0, 1])
    each = torch.quantize_per_channel(torch.ones(2, 2), scales, points, 0, torch.qint8)
    whole = torch.quantize_per_tensor(torch.ones(2), 0.5, 3, torch.quint8)
    found = read({"each": each, "whole": whole})
    assert found["each"] == ("QI8", each.int_repr().tolist())
    assert found["each/scales"] == ("F64", [0.5, 0.25])
    assert found["each/quantizer"] == ("quantizer", ("per_channel_affine", 0))
    assert found["whole"] == ("QU8", whole.int_repr().tolist())
    assert found["whole/quantizer"] == ("quantizer", ("per_tensor_affine", 0.5, 3))


@pytest.mark.filterwarnings("ignore")
def test_sparse_tensors_are_their_indices_and_values(read):
    """Layout and shape are told, and nothing is made dense."""
    dense = torch.tensor([[0.0, 2.0], [3.0, 0.0]])
    found = read({"coo": dense.to_sparse(), "csr": dense.to_sparse_csr()})
    assert found["coo/indices"] == ("I64", [[0, 1], [1, 0]])
    assert found["coo/layout"] == ("sparse", ("sparse_coo", (2, 2), True))
    assert found["csr/crow_indices"] == ("I64", [0, 1, 2])
    assert found["csr/values"] == ("F32", [2.0, 3.0])


@FORMS
def test_numpy_arrays_and_scalars_in_a_checkpoint_are_tensors(read, zipped):
    """Metrics are often numpy's; byte order and memory order do not matter."""
    found = read(
        {
            "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "big": np.arange(3, dtype=">i4"),
            "scalar": np.float64(0.5),
            "flag": np.bool_(True),
        },
        zipped=zipped,
    )
    assert found["fortran"] == ("F64", [[0, 1, 2], [3, 4, 5]])
    assert found["big"] == ("I32", [0, 1, 2])
    assert found["scalar"] == ("F64", 0.5)
    assert found["flag"] == ("BOOL", True)


@pytest.mark.parametrize(
    ("value", "told_why"),
    [
        (torch.zeros(2, device="meta"), "meta device"),
        (torch.tensor([1j]).conj(), "resolve_conj"),
        (torch.zeros(2, dtype=torch.complex64).conj().imag, "resolve_neg"),
        (np.array([{}], dtype=object), "Python objects"),
        (np.zeros(2, [("x", "f4")]), "fields"),
        ({1: torch.zeros(1), "1": torch.zeros(1)}, "two things called 'value/1'"),
        ({"a": {"b": 1}, "a/b": 2}, "two things called 'value/a/b'"),
        ({torch.float32: 1}, "for a key"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
    ],
    ids=["meta", "conjugated", "negated", "objects", "fields", "keys", "names", "key", "module"],
)
def test_what_has_no_canonical_bytes_is_refused_by_name(read, value, told_why):
    """Never guessed, never left out."""
    with pytest.raises(CheckpointError, match=told_why):
        read({"value": value})


def test_an_optimizer_of_a_hundred_thousand_entries_is_read(read):
    """The bounds that stop hostile files are far from the largest honest ones."""
    state = {
        number: {name: torch.zeros(2) for name in ("step", "exp_avg", "exp_avg_sq")}
        for number in range(33_400)
    }
    groups = [{"lr": 0.1, "params": list(range(33_400))}]
    found = read({"state": state, "param_groups": groups}, entries_only=True)
    assert len(found) == 3 * 33_400 + 2


@FORMS
@pytest.mark.parametrize("make", [int, float, str, list, dict, set, bool, tuple])
def test_what_makes_the_missing_values_of_a_dictionary_is_no_contents(read, make, zipped):
    """It is a type of Python's own, and named alone."""
    found = read({"seen": collections.defaultdict(make, {"a": 1})}, zipped=zipped)
    assert found == {"seen/a": ("int", 1)}


def _parameter_with_an_attribute():
    parameter = torch.nn.Parameter(torch.zeros(2))
    parameter.extra = torch.ones(2)
    return parameter


def _tensor_with_an_attribute():
    tensor = torch.zeros(2)
    tensor.extra = torch.ones(2)
    return tensor


def _dictionary_with_an_attribute():
    weights = collections.OrderedDict(w=torch.zeros(2))
    weights.extra = torch.ones(2)
    return weights


@FORMS
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (_parameter_with_an_attribute(), r"'state/w' is not read: .*'extra'"),
        (
            _tensor_with_an_attribute(),
            "'state/w' is not read: .* with attributes beside its numbers",
        ),
        (_dictionary_with_an_attribute(), "a dictionary with the attribute 'extra'"),
        (torch.zeros(2, device="meta"), "'state/w' is not read: a tensor of the meta device"),
        (torch.tensor([1j]).conj(), "'state/w' is not read: a tensor that is conjugated"),
        (torch.zeros(2, dtype=torch.complex64).conj().imag, "'state/w' is not read: .*resolve_neg"),
    ],
    ids=["parameter", "tensor", "dictionary", "meta", "conjugated", "negated"],
)
def test_what_would_be_left_out_is_refused_by_name(read, value, words, zipped):
    """A digest must not be the same for other contents."""
    with pytest.raises(CheckpointError, match=words):
        read({"state": {"w": value}}, zipped=zipped)


@FORMS
def test_the_versions_of_modules_in_a_state_dict_are_no_contents(read, zipped):
    """Every state dict has them, and they are no weights."""
    weights = torch.nn.Linear(2, 1).state_dict()
    assert hasattr(weights, "_metadata")
    assert set(read(weights, zipped=zipped)) == {"weight", "bias"}


def test_a_damaged_stream_is_told_by_what_and_where(tmp_path):
    """A memory place that nothing was put into, a value that is not there, a text that is cut."""
    for stream, words in (
        (b"\x80\x02]h\x69.", r"BINGET at byte 3: takes what is kept under 105"),
        (b"\x80\x020.", r"POP at byte 2: needs a value"),
        (b"\x80\x02X\x09\0\0\0ab.", r"what follows PROTO at byte 0: "),
    ):
        (tmp_path / "a.pkl").write_bytes(stream)
        with pytest.raises(CheckpointError, match=words), open_tensors(tmp_path / "a.pkl"):
            pass


@pytest.mark.parametrize("name", ["a.bin", "a.pt"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("hello", "of no format that is known"),
        ("This is a text.", "of no format that is known"),
        ("version https://git-lfs.github.com/spec/v1\n", "of no format that is known"),
        ("i", "of no format that is known"),
    ],
)
def test_a_text_that_is_called_like_a_checkpoint_is_told_so(tmp_path, name, content, words):
    """Downloads that failed leave such files."""
    (tmp_path / name).write_text(content)
    with pytest.raises(CheckpointError, match=words), open_tensors(tmp_path / name):
        pass


def test_a_big_endian_archive_gives_the_same_numbers(tmp_path):
    """It notes in the archive the byte order of the machine that saved."""
    torch.save(torch.arange(3.0), tmp_path / "little.pt")
    numbers = np.arange(3, dtype="<f4").tobytes()
    with (
        zipfile.ZipFile(tmp_path / "little.pt") as old,
        zipfile.ZipFile(tmp_path / "big.pt", "w") as new,
    ):
        for info in old.infolist():
            data = old.read(info)
            data = b"big" if info.filename.endswith("byteorder") else data
            new.writestr(
                info.filename, np.arange(3, dtype=">f4").tobytes() if data == numbers else data
            )
    with open_tensors(tmp_path / "big.pt") as found:
        entry = found.entries[""]
        assert isinstance(entry, TensorEntry)
        assert array_of(entry).tolist() == [0, 1, 2]
        assert entry.place is None


def test_where_bytes_lie_raw_the_place_says_so(tmp_path):
    """The place is what a damaged byte is traced to a tensor by."""
    torch.save({"a": torch.zeros(3), "b": torch.arange(5.0)}, tmp_path / "model.pt")
    with open_tensors(tmp_path / "model.pt") as found:
        place = found.entries["b"].place
    lying = (tmp_path / "model.pt").read_bytes()[place.range.start : place.range.stop]
    assert np.frombuffer(lying, "<f4").tolist() == [0, 1, 2, 3, 4]


def test_a_torchscript_program_is_refused_with_what_to_do(tmp_path):
    """It is code; its state dict is not."""
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py"):
            archive.writestr(f"model/{name}", "")
    with pytest.raises(CheckpointError, match="TorchScript"), open_tensors(tmp_path / "model.pt"):
        pass


def test_reading_imports_neither_torch_nor_numpy(tmp_path):
    """Contiguous tensors need the standard library alone."""
    torch.save({"a": torch.zeros(3)}, tmp_path / "model.pt")
    program = (
        "import sys\n"
        "from repro_nb.checkpoints.content import content_digest\n"
        f"content_digest({str(tmp_path / 'model.pt')!r})\n"
        "print(*(name for name in ('torch', 'numpy', 'pickle', 'safetensors') if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:0] = {sys.path!r}\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() in ([], ["pickle"])  # pickletools imports it; nothing calls it
