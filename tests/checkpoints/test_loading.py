"""The gate: tensors are handed over once they are those that were meant."""

import hashlib
import os
import pickle

import ml_dtypes
import numpy as np
import pytest
import safetensors.torch
import torch

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.loading import load_verified
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.errors import CheckpointError, UnsafeCheckpointError, UsageError


@pytest.fixture
def model(tmp_path):
    """A checkpoint and its sha256."""
    path = tmp_path / "model.pt"
    torch.save({"w": torch.arange(3.0), "half": torch.tensor([1.5]).bfloat16(), "epoch": 3}, path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_checkpoint_with_the_right_digest_is_loaded_as_arrays(model):
    """Without torch; bfloat16 is that of ml_dtypes."""
    path, digest = model
    found = load_verified(path, digest)
    assert found.keys() == {"w", "half"}
    assert found["w"].tolist() == [0, 1, 2]
    assert found["half"].dtype == ml_dtypes.bfloat16


def test_an_array_is_the_callers_own(model):
    """It can be written to, and lies in no file."""
    path, digest = model
    array = load_verified(path, f"sha256:{digest}")["w"]
    array += 1
    assert array.tolist() == [1, 2, 3]


def test_one_flipped_bit_loads_nothing(model):
    """Loading with torch takes such a file without a word."""
    path, digest = model
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="Do not load it"):
        load_verified(path, digest)


def test_a_part_of_a_digest_is_no_digest(model):
    """It could be matched on purpose."""
    path, digest = model
    with pytest.raises(UsageError, match="hexadecimal digits"):
        load_verified(path, digest[:16])


def test_without_digest_and_registration_nothing_is_loaded(model):
    """Silence is no consent."""
    with pytest.raises(CheckpointError, match="not registered"):
        load_verified(model[0])


def test_the_right_digest_of_a_malicious_file_runs_no_code(tmp_path, monkeypatch):
    """A digest says who is meant, not that it is harmless."""
    monkeypatch.chdir(tmp_path)

    class Evil:
        def __reduce__(self):
            return os.system, ("touch canary",)

    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UnsafeCheckpointError, match="system"):
        load_verified(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not (tmp_path / "canary").exists()


def test_a_sharded_folder_is_loaded_by_its_tree_digest(tmp_path):
    """All files count, also those without tensors."""
    safetensors.torch.save_file({"a": torch.ones(2)}, tmp_path / "1.safetensors")
    safetensors.torch.save_file({"b": torch.zeros(1)}, tmp_path / "2.safetensors")
    (tmp_path / "config.json").write_text("{}")
    digest = hash_tree(tmp_path, algorithm_named("sha256")).digest
    found = load_verified(tmp_path, digest)
    assert {name: each.tolist() for name, each in found.items()} == {"a": [1, 1], "b": [0]}
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match="Do not load it"):
        load_verified(tmp_path, digest)


def test_text_is_loaded_as_raw_bytes(tmp_path):
    """The void type of numpy keeps them as they are."""
    np.save(tmp_path / "a.npy", np.array(["ab"]))
    digest = hashlib.sha256((tmp_path / "a.npy").read_bytes()).hexdigest()
    assert load_verified(tmp_path / "a.npy", digest)[""].dtype == np.dtype("V8")
