"""Folders of tensors: every file that holds some counts, and none is passed over in silence."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from repro_nb.checkpoints.content import content_digest
from repro_nb.checkpoints.diff import diff_checkpoints
from repro_nb.checkpoints.report.diff_wording import verdict
from repro_nb.checkpoints.tensors import open_tensors
from repro_nb.errors import CheckpointError


def _save(path, **values):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.full(4, value, np.float32) for name, value in values.items()}, path)


def _names(folder):
    with open_tensors(folder) as found:
        return set(found.entries)


@pytest.fixture
def trained(tmp_path):
    """What a trainer leaves: a model, its optimizer, settings."""
    folder = tmp_path / "checkpoint-500"
    _save(folder / "model.safetensors", w=1)
    torch.save({"state": {0: {"step": torch.tensor(3.0)}}}, folder / "optimizer.pt")
    (folder / "config.json").write_text("{}")
    return folder


def test_model_and_optimizer_in_one_folder_are_both_read(trained):
    assert _names(trained) == {"model/w", "optimizer/state/0/step"}


def test_tensors_in_subfolders_count(tmp_path):
    """As sentence-transformers and diffusers lay them out."""
    for name, value in (("a", 1), ("b", 2)):
        _save(tmp_path / name / "model.safetensors", w=1)
        _save(tmp_path / name / "2_Dense" / "model.safetensors", v=value)
    found = diff_checkpoints(tmp_path / "a", tmp_path / "b")
    assert [row.name for row in found.rows] == ["2_Dense/v"]
    assert _names(tmp_path / "a") == {"w", "2_Dense/v"}


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "optim.pth.tar", "weights"])
def test_a_file_beside_an_index_is_not_passed_over(tmp_path, name):
    """Whatever it is called: its first bytes tell."""
    for folder, value in (("a", 1.0), ("b", 2.0)):
        _save(tmp_path / folder / "1.safetensors", w=1)
        index = {"weight_map": {"w": "1.safetensors"}}
        (tmp_path / folder / "model.safetensors.index.json").write_text(json.dumps(index))
        if name.endswith(".safetensors"):
            _save(tmp_path / folder / name, v=value)
        else:
            torch.save({"v": torch.tensor(value)}, tmp_path / folder / name)
    assert not diff_checkpoints(tmp_path / "a", tmp_path / "b").agrees


def test_numbered_shards_without_an_index_are_one_checkpoint_beside_another(tmp_path):
    for number in (1, 2):
        _save(tmp_path / f"model-{number:05}-of-00002.safetensors", **{f"w{number}": 1})
    torch.save({"step": 3}, tmp_path / "optimizer.pt")
    assert _names(tmp_path) == {"model/w1", "model/w2", "optimizer/step"}


def test_the_same_model_in_two_formats_goes_by_its_files(tmp_path):
    _save(tmp_path / "model.safetensors", w=1)
    np.savez(tmp_path / "model.npz", w=np.ones(4))
    assert _names(tmp_path) == {"model.npz/w", "model.safetensors/w"}


def test_one_checkpoint_in_a_folder_keeps_its_own_names(trained):
    (trained / "optimizer.pt").unlink()
    alone = content_digest(trained / "model.safetensors").digest
    assert content_digest(trained).digest == alone


def test_a_format_that_is_not_read_is_refused_and_not_passed_over(trained):
    (trained / "flax_model.msgpack").write_bytes(b"\x81\xa1w\xc4\x00")
    with pytest.raises(CheckpointError, match=r"flax_model\.msgpack"):
        content_digest(trained)


def test_files_without_tensors_are_told_as_not_compared(trained, tmp_path):
    other = shutil.copytree(trained, tmp_path / "other")
    (other / "config.json").write_text('{"layers": 3}')
    found = diff_checkpoints(trained, other)
    assert found.left_out == ("config.json",)
    assert verdict(found).endswith("; not compared: config.json")


def test_a_text_with_a_brace_is_no_tensor_file(trained):
    """Its ninth character is where a header of safetensors begins."""
    (trained / "notes.txt").write_text("numbers: {1, 2}")
    assert _names(trained) == {"model/w", "optimizer/state/0/step"}
