"""The digest of a checkpoint, and whether it is the one that is expected."""

import hashlib
import os
import warnings

import pytest

from repro_nb import compute_checkpoint_hash, verify_checkpoint_integrity
from repro_nb.checkpoints.integrity import IncompleteCheckpointWarning
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.checkpoints.warning import WeakAlgorithmWarning
from repro_nb.errors import CheckpointError, FileChangedError, UsageError

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def model(tmp_path):
    """A file."""
    path = tmp_path / "model.pth"
    path.write_bytes(DATA)
    return path


def test_the_digest_of_a_file_is_its_sha256(model):
    assert compute_checkpoint_hash(model) == compute_checkpoint_hash(str(model)) == SHA256


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b", "SHA256"])
def test_the_algorithm_is_named_in_any_case(model, algorithm):
    expected = hashlib.new(algorithm.lower(), DATA).hexdigest()
    assert compute_checkpoint_hash(model, algorithm=algorithm) == expected


def test_md5_is_accepted_and_warned_of(model):
    with pytest.warns(WeakAlgorithmWarning, match="can be made on purpose") as caught:
        assert compute_checkpoint_hash(model, "md5") == hashlib.md5(DATA).hexdigest()
    assert caught[0].filename == __file__


def test_an_algorithm_that_there_is_not_is_told_with_those_there_are(model):
    with pytest.raises(UsageError, match="Use one of sha256, sha512, blake2b, blake3, xxh3, md5"):
        compute_checkpoint_hash(model, "crc32")


def test_a_folder_has_one_digest(model):
    assert len(compute_checkpoint_hash(model.parent)) == 64


def test_shards_that_are_missing_are_named(tmp_path):
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"x")
    with pytest.warns(
        IncompleteCheckpointWarning, match=r"00002-of-00002\.safetensors \(missing\)"
    ):
        compute_checkpoint_hash(tmp_path)


def test_the_empty_path_is_refused():
    """It is not the current folder."""
    with pytest.raises(UsageError, match="the path is empty"):
        compute_checkpoint_hash("")
    with pytest.raises(UsageError, match="the path is empty"):
        verify_checkpoint_integrity("", SHA256)


def test_a_file_that_is_not_there_has_no_digest(tmp_path):
    with pytest.raises(CheckpointError, match="there is no such file"):
        compute_checkpoint_hash(tmp_path / "gone")


@pytest.mark.parametrize("expected", [SHA256, SHA256.upper(), f"sha256:{SHA256}", f"{SHA256}\n"])
def test_the_digest_that_is_expected_verifies(model, expected):
    result = verify_checkpoint_integrity(model, expected)
    assert result
    assert (result.verdict, result.name, result.actual) == (Verdict.OK, "model.pth", SHA256)


def test_the_algorithm_that_the_digest_names_is_used(model):
    blake = hashlib.blake2b(DATA).hexdigest()
    assert verify_checkpoint_integrity(model, f"blake2b:{blake}").algorithm == "blake2b"


def test_one_bit_more_does_not_verify(model):
    model.write_bytes(bytes([DATA[0] ^ 1]) + DATA[1:])
    result = verify_checkpoint_integrity(model, SHA256)
    assert not result
    assert result.verdict is Verdict.MISMATCH
    assert (result.expected, result.actual) == (SHA256, compute_checkpoint_hash(model))


@pytest.mark.parametrize(
    "expected", ["", SHA256[:16], SHA256[:-1], f"{SHA256}0", "sha256:", "y" * 64]
)
def test_a_part_of_a_digest_is_refused(model, expected):
    with pytest.raises(UsageError):
        verify_checkpoint_integrity(model, expected)


def test_an_etag_of_an_object_store_is_refused(model):
    with pytest.raises(UsageError, match="ETag"):
        verify_checkpoint_integrity(model, '"d41d8cd98f00b204e9800998ecf8427e-3"')


def test_a_file_that_is_not_there_does_not_verify(tmp_path):
    result = verify_checkpoint_integrity(tmp_path / "gone", SHA256)
    assert (bool(result), result.verdict) == (False, Verdict.MISSING)


def test_what_cannot_be_read_does_not_verify(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    result = verify_checkpoint_integrity(tmp_path / "pipe", SHA256)
    assert (bool(result), result.verdict) == (False, Verdict.UNREADABLE)
    assert "FIFO" in result.reason


def test_a_file_that_changes_meanwhile_is_not_judged(model):
    class Writing:
        def expected(self, _name, _size):
            model.write_bytes(b"other")

        def advanced(self, size): ...

    with pytest.raises(FileChangedError):
        verify_checkpoint_integrity(model, SHA256, progress=Writing())


def test_no_warning_for_what_protects(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compute_checkpoint_hash(model, "blake3")
        compute_checkpoint_hash(model, "xxh3")
