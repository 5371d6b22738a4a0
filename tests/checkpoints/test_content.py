"""The content digest: the same for the same contents, in whatever format and order."""

import hashlib
import itertools

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.tensors.canonical import canonical_text
from repro_nb.errors import FileChangedError, UsageError

WEIGHTS = {
    "layer.weight": torch.arange(6.0).reshape(2, 3),
    "layer.bias": torch.tensor([0.5]),
    "steps": torch.tensor(7),
    "empty": torch.zeros(0, 3),
}


@pytest.fixture
def saved(tmp_path):
    """The same weights in every format."""
    arrays = {name: each.numpy() for name, each in WEIGHTS.items()}
    torch.save(WEIGHTS, tmp_path / "zip.pt")
    torch.save(dict(reversed(WEIGHTS.items())), tmp_path / "reversed.pth")
    torch.save(WEIGHTS, tmp_path / "legacy.bin", _use_new_zipfile_serialization=False)
    np.savez(tmp_path / "plain.npz", **arrays)
    np.savez_compressed(tmp_path / "packed.npz", **arrays)
    safetensors.torch.save_file(WEIGHTS, tmp_path / "a.safetensors", {"format": "pt", "step": "3"})
    (tmp_path / "folder").mkdir()
    for number, name in enumerate(WEIGHTS):
        one = {name: WEIGHTS[name]}
        safetensors.torch.save_file(one, tmp_path / "folder" / f"{number}.safetensors")
    return tmp_path


def test_the_same_tensors_have_the_same_digest_in_every_format(saved):
    """Format, order, compression, metadata and file names do not count."""
    digests = {path.name: content_digest(path).digest for path in saved.iterdir()}
    assert len(digests) == 7
    assert len(set(digests.values())) == 1, digests


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "blake2b", "blake3", "xxh3"])
def test_the_digest_says_all_that_it_depends_on(saved, algorithm):
    """Rules and algorithm stand before it."""
    found = content_digest(saved / "zip.pt", algorithm)
    assert str(found) == f"content-1-{algorithm}:{found.digest}"
    assert found.digest == content_digest(saved / "plain.npz", algorithm).digest


def test_the_digest_is_the_documented_one(tmp_path):
    """What another program would compute by the documentation; it must never change."""
    torch.save({"w": torch.tensor([1.0]), "n": 3}, tmp_path / "a.pt")
    number = hashlib.sha256(b'{"int":"0x3"}').hexdigest()
    tensor = hashlib.sha256(b"\x00\x00\x80\x3f").hexdigest()
    lines = (
        f'repro_nb-content-1\n["n","int","",[],"{number}"]\n["w","tensor","F32",[1],"{tensor}"]\n'
    )
    digest = hashlib.sha256(lines.encode()).hexdigest()
    assert content_digest(tmp_path / "a.pt").digest == digest
    assert digest == "6ae213945c155a127b886f561cab16cb04b1ceca983697158dd1802f1b679a03"


@pytest.mark.parametrize(
    "other",
    [
        {"w": torch.tensor([1.0, -0.0])},
        {"w": torch.tensor([[1.0, 0.0]])},
        {"w": torch.tensor([1.0, 0.0], dtype=torch.float64)},
        {"v": torch.tensor([1.0, 0.0])},
        {"w": torch.tensor([1.0, 0.0]), "n": 1},
        {"w": [1.0, 0.0]},
        {},
    ],
    ids=["sign of zero", "shape", "type", "name", "value more", "list", "nothing"],
)
def test_any_other_content_has_another_digest(tmp_path, other):
    """To the bit, the name, the type and the shape."""
    torch.save({"w": torch.tensor([1.0, 0.0])}, tmp_path / "a.pt")
    torch.save(other, tmp_path / "b.pt")
    assert content_digest(tmp_path / "a.pt").digest != content_digest(tmp_path / "b.pt").digest


def test_each_flipped_bit_of_a_tensor_changes_its_row_and_no_other(tmp_path):
    """The row names the tensor in which the damage is."""
    torch.save({"a": torch.zeros(3), "b": torch.zeros(3)}, tmp_path / "a.pt")
    before = content_digest(tmp_path / "a.pt")
    lying = before.rows[1].place.range
    for bit in range(8 * lying.start, 8 * lying.stop):
        damaged = bytearray((tmp_path / "a.pt").read_bytes())
        damaged[bit // 8] ^= 1 << (bit % 8)
        (tmp_path / "b.pt").write_bytes(damaged)
        after = content_digest(tmp_path / "b.pt")
        assert after.rows[0].digest == before.rows[0].digest
        assert after.rows[1].digest != before.rows[1].digest


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(),
        st.binary(),
        st.complex_numbers(allow_nan=False),
    ),
    lambda inner: st.one_of(st.lists(inner), st.lists(inner).map(tuple)),
    max_leaves=5,
)


def same(left, right):
    """Whether two values are the same in kind as well, unlike `==`, for which 1, 1.0 and True are one."""
    return repr(left) == repr(right)


@settings(max_examples=200, deadline=None)
@given(left=VALUES, right=VALUES)
def test_two_values_have_one_text_only_if_they_are_the_same(left, right):
    """No value passes for another."""
    assert (canonical_text(left) == canonical_text(right)) == same(left, right)


def test_values_that_python_takes_for_equal_have_texts_of_their_own():
    """1, 1.0, True, "1" and b"1" are five things."""
    values = [1, 1.0, True, "1", b"1", 1 + 0j, (1,), [1], frozenset([1]), None, "None", 0.0, -0.0]
    assert len({canonical_text(each) for each in values}) == len(values)


def test_progress_tells_every_byte_once(saved):
    """The bar ends where it should."""

    class Heard:
        total = done = 0

        def expected(self, _name, size):
            self.total += size

        def advanced(self, size):
            self.done += size

    heard = Heard()
    content_digest(saved / "packed.npz", progress=heard)
    assert heard.total == heard.done == 6 * 4 + 4 + 8


def test_tied_tensors_are_hashed_once(tmp_path):
    """A thousand names of one storage cost no more than one."""
    shared = torch.zeros(1000)
    torch.save({str(i): shared for i in range(1000)}, tmp_path / "a.pt")
    rows = content_digest(tmp_path / "a.pt").rows
    assert len({row.digest for row in rows}) == 1
    assert len({row.place for row in rows}) == 1


def test_a_file_that_is_written_while_it_is_read_is_told(tmp_path):
    """The digest of a mixture of old and new is given to nobody."""
    torch.save({"w": torch.zeros(100)}, tmp_path / "a.pt")

    class Writes:
        def expected(self, _name, _size):
            torch.save({"w": torch.ones(100)}, tmp_path / "a.pt")

        def advanced(self, size):
            pass

    with pytest.raises(FileChangedError):
        content_digest(tmp_path / "a.pt", progress=Writes())


def test_an_unknown_algorithm_is_refused(tmp_path):
    """With those that are known."""
    torch.save({}, tmp_path / "a.pt")
    with pytest.raises(UsageError, match="sha3"):
        content_digest(tmp_path / "a.pt", "sha3")


def test_many_small_tensors_and_few_large_ones_give_sorted_rows(tmp_path):
    """Threads finish in any order; rows do not."""
    weights = {f"{i:04}": torch.full((i % 7,), float(i)) for i in range(1500)}
    torch.save(weights | {"big": torch.zeros(2_000_000)}, tmp_path / "a.pt")
    rows = content_digest(tmp_path / "a.pt").rows
    assert [row.name for row in rows] == sorted([*weights, "big"])
    assert all(a.name < b.name for a, b in itertools.pairwise(rows))
