"""The registry of the older toolkit is imported, and stays as it is."""

import hashlib
import json

import pytest
import torch

from repro_nb import CheckpointVerifier
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.errors import RegistryError


def older(folder, **digests):
    """Write the older toolkit's registry of files in a folder."""
    entries = {
        name: {
            "file_path": name,
            "file_size": (folder / name).stat().st_size,
            "hash_algorithm": "sha256",
            "hash_value": digest,
            "created_timestamp": 1700000000.25,
            "last_modified": 1700000000.0,
            "metadata": {"epoch": 3},
        }
        for name, digest in digests.items()
    }
    (folder / ".checkpoint_verification.json").write_text(json.dumps(entries))


def structured(state):
    """The digest that the older toolkit gave a .pth file where torch was installed."""
    digest = hashlib.sha256()
    for key in sorted(state):
        value = state[key]
        digest.update(key.encode())
        digest.update(value.numpy().tobytes() if hasattr(value, "numpy") else str(value).encode())
    return digest.hexdigest()


def test_what_the_older_toolkit_registered_verifies(tmp_path):
    """Without a registry of ours, which reading does not make."""
    (tmp_path / "data.bin").write_bytes(b"abc")
    older(tmp_path, **{"data.bin": hashlib.sha256(b"abc").hexdigest()})
    verifier = CheckpointVerifier(tmp_path)
    assert verifier.list_registered_checkpoints() == ["data.bin"]
    assert verifier.get_checkpoint_metadata("data.bin").metadata == {"epoch": 3}
    assert all(verifier.verify_all_checkpoints().values())
    assert not (tmp_path / "checkpoints.repro.jsonl").exists()
    (tmp_path / "data.bin").write_bytes(b"abd")
    assert verifier.verify_checkpoint("data.bin").verdict is Verdict.MISMATCH


def test_registering_imports_it_once_and_leaves_it_alone(tmp_path):
    """From then on our registry is the one that holds."""
    (tmp_path / "data.bin").write_bytes(b"abc")
    (tmp_path / "new.bin").write_bytes(b"new")
    older(tmp_path, **{"data.bin": hashlib.sha256(b"abc").hexdigest()})
    before = (tmp_path / ".checkpoint_verification.json").read_bytes()
    verifier = CheckpointVerifier(tmp_path)
    verifier.register_checkpoint("new.bin")
    verifier.register_checkpoint("new.bin")
    assert [each.source for each in verifier.log("data.bin")] == [".checkpoint_verification.json"]
    assert len((tmp_path / "checkpoints.repro.jsonl").read_bytes().splitlines()) == 3
    assert (tmp_path / ".checkpoint_verification.json").read_bytes() == before
    (tmp_path / ".checkpoint_verification.json").unlink()
    assert verifier.verify_checkpoint("data.bin")


def test_a_removed_one_is_not_imported_again(tmp_path):
    """Though the older file still has it."""
    (tmp_path / "data.bin").write_bytes(b"abc")
    older(tmp_path, **{"data.bin": hashlib.sha256(b"abc").hexdigest()})
    verifier = CheckpointVerifier(tmp_path)
    assert verifier.remove_checkpoint("data.bin")
    assert verifier.list_registered_checkpoints() == []


def test_its_digest_of_unpickled_tensors_is_computed_without_unpickling(tmp_path):
    """It hashed the numbers of .pth files: others are found, and the same are no proof of types and shapes."""
    state = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3), "epoch": 3, "lr": 0.1}
    torch.save(state, tmp_path / "model.pth")
    older(tmp_path, **{"model.pth": structured(state)})
    verifier = CheckpointVerifier(tmp_path)
    found = verifier.verify_checkpoint("model.pth")
    assert (found.verdict, bool(found)) == (Verdict.SKIPPED, False)
    assert "the numbers are as the older toolkit registered them" in found.reason
    torch.save({**state, "b": torch.zeros(3)}, tmp_path / "model.pth")
    assert verifier.verify_checkpoint("model.pth").verdict is Verdict.MISMATCH


@pytest.mark.parametrize(
    "state", [{"model": {"w": torch.ones(3)}}, {"w": torch.ones(3), "steps": [1, 2]}]
)
def test_a_digest_that_takes_pickling_is_skipped_and_not_passed(tmp_path, state):
    """Of nested dictionaries it hashed pickles: no verdict, and a word on what to do."""
    torch.save(state, tmp_path / "model.pth")
    older(tmp_path, **{"model.pth": "ab" * 32})
    found = CheckpointVerifier(tmp_path).verify_checkpoint("model.pth")
    assert found.verdict is Verdict.SKIPPED
    assert "register it again" in found.reason


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"\xff", b"[" * 100_000),
        *(b'{"a.pth": 3}', b'{"../a.pth": {}}', b'{"a.pth": {"hash_value": "xy"}}'),
    ],
)
def test_a_damaged_older_registry_is_an_error_and_never_empty(tmp_path, content):
    """The older toolkit went on with an empty one."""
    (tmp_path / ".checkpoint_verification.json").write_bytes(content)
    with pytest.raises(RegistryError, match="older registry"):
        CheckpointVerifier(tmp_path).verify_all_checkpoints()


def test_an_algorithm_that_is_not_supported_is_told(tmp_path):
    """sha1, for instance."""
    (tmp_path / "data.bin").write_bytes(b"abc")
    older(tmp_path, **{"data.bin": hashlib.sha1(b"abc").hexdigest()})
    path = tmp_path / ".checkpoint_verification.json"
    path.write_text(path.read_text().replace("sha256", "sha1"))
    found = CheckpointVerifier(tmp_path).verify_checkpoint("data.bin")
    assert found.verdict is Verdict.SKIPPED
    assert "sha1 is not supported" in found.reason
