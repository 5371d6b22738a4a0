"""Ways in which something could pass as verified that is not, each found by somebody who tried."""

import json
import shutil
import subprocess
import threading

import numpy as np
import pytest
from safetensors.numpy import save_file

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.loading import load_verified
from repro_nb.checkpoints.names import REGISTRY
from repro_nb.checkpoints.registry import Registry
from repro_nb.checkpoints.tree_listing import list_tree
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.checkpoints.verifier import CheckpointVerifier, NothingVerifiedWarning
from repro_nb.errors import CheckpointError, FileChangedError, UsageError

SHA256 = algorithm_named("sha256")


@pytest.fixture
def verifier(tmp_path):
    """A registry with two files in it."""
    found = CheckpointVerifier(tmp_path)
    for name in ("epoch-1.bin", "epoch-3.bin"):
        (tmp_path / name).write_bytes(name.encode() * 100)
        found.register_checkpoint(name)
    return found


def _model(folder, value=1.0):
    folder.mkdir(exist_ok=True)
    save_file({"w": np.full(3, value, np.float32)}, folder / "model.safetensors")
    return folder


def test_a_flipped_bit_in_the_name_of_a_line_hides_no_checkpoint(verifier, tmp_path):
    """The name that the damaged line has now is that of another checkpoint, which has a later line."""
    path = tmp_path / REGISTRY
    content = bytearray(path.read_bytes())
    content[content.index(b"epoch-1") + 6] ^= 2
    path.write_bytes(content)
    (tmp_path / "epoch-1.bin").write_bytes(b"another one")
    results = verifier.verify_all_checkpoints()
    assert not all(results.values())
    assert f"{REGISTRY}:1" in results


def test_a_damaged_line_whose_name_is_whole_is_settled_by_registering_again(verifier, tmp_path):
    path = tmp_path / REGISTRY
    path.write_bytes(path.read_bytes().replace(b'"kind":"file"', b'"kind":"fil3"', 1))
    assert not all(verifier.verify_all_checkpoints().values())
    verifier.register_checkpoint("epoch-1.bin")
    assert all(verifier.verify_all_checkpoints().values())


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_registry_that_became_empty_is_no_pass(verifier, tmp_path, content):
    (tmp_path / REGISTRY).write_bytes(content)
    (result,) = verifier.verify_all_checkpoints().values()
    assert result.verdict is Verdict.UNREADABLE
    assert "empty" in result.reason


def test_nothing_verified_is_said(tmp_path):
    with pytest.warns(NothingVerifiedWarning, match="nothing was verified"):
        assert CheckpointVerifier(tmp_path / "typo").verify_all_checkpoints() == {}


def test_a_registry_lies_on_this_machine():
    with pytest.raises(UsageError, match="folder of this machine"):
        CheckpointVerifier("memory://m")


def test_a_folder_with_the_name_of_a_manifest_counts(tmp_path):
    """And so does a file with the name of a folder that is left out."""
    model = _model(tmp_path / "model")
    (model / "SHA256SUMS").mkdir()
    (model / "SHA256SUMS" / "code.py").write_text("pass")
    (model / ".git").write_text("gitdir: elsewhere")
    names = [file.name for file in list_tree(model)]
    assert names == [".git", "SHA256SUMS/code.py", "model.safetensors"]


def test_a_shard_that_is_called_like_a_manifest_is_not_loaded(tmp_path):
    """It is no part of the digest."""
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "MD5SUMS")
    index = {"weight_map": {"w": "MD5SUMS"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    digest = hash_tree(tmp_path, SHA256).digest
    with pytest.raises(CheckpointError, match="MD5SUMS is missing"):
        load_verified(tmp_path, digest)


def test_what_is_loaded_from_a_folder_is_what_was_hashed(tmp_path):
    """Somebody swaps the folder for another one, back and forth, while it is loaded."""
    good, evil = _model(tmp_path / "good"), _model(tmp_path / "evil", 666.0)
    digest = hash_tree(good, SHA256).digest
    stop = threading.Event()
    link = tmp_path / "model"
    link.symlink_to(good)

    def swap():
        beside = tmp_path / "beside"
        for target in (evil, good) * 100_000:
            if stop.is_set():
                return
            beside.symlink_to(target)
            beside.replace(link)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(100):
            try:
                found = load_verified(link, digest)
            except (CheckpointError, FileChangedError):
                continue
            assert found["w"].tolist() == [1.0, 1.0, 1.0]
    finally:
        stop.set()
        thread.join()


def test_a_file_that_is_held_open_is_hashed_and_not_its_successor(tmp_path):
    from repro_nb.checkpoints.opening import open_regular

    model = _model(tmp_path / "model")
    with open_regular(model / "model.safetensors") as held:
        (_model(tmp_path / "evil", 666.0) / "model.safetensors").replace(held.path)
        with pytest.raises(FileChangedError):
            hash_tree(model, SHA256, held={"model.safetensors": held})


def test_a_tensor_in_a_folder_that_nobody_hashed_is_no_argument_for_the_digest(tmp_path):
    """The digest of one file is none of the folder that it lies in."""
    model = _model(tmp_path / "model")
    digest = hash_tree(model, SHA256).digest
    shutil.copytree(model, model / "sub")
    with pytest.raises(CheckpointError, match="Do not load it"):
        load_verified(model, digest)


def test_registering_runs_no_command_of_the_repository(tmp_path):
    """Filters of git are commands in the repository's own settings, and a stranger's repository has its own."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e"]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "code.py").write_text("a = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    for key in ("clean", "process"):
        command = f"touch {tmp_path / 'PWNED'}; cat"
        subprocess.run([*git, "config", f"filter.evil.{key}", command], check=True)
    (tmp_path / "code.py").write_text("a = 2\n")
    (tmp_path / "model.bin").write_bytes(b"weights")
    CheckpointVerifier(tmp_path).register_checkpoint("model.bin")
    assert not (tmp_path / "PWNED").exists()
    (line,) = Registry(tmp_path).read().of("model.bin")
    assert line.provenance.to_json()["dirty"]
