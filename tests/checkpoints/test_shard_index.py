"""Shards that are missing or too many, by what the checkpoint says itself. The checkpoints are written by torch."""

import json
import pickle
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import torch
from torch.distributed import checkpoint as dcp

from repro_nb.checkpoints.shard_index import index_problems
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.errors import CheckpointError, UnsafeCheckpointError


def _problems(path):
    return {each.file: each.verdict for each in index_problems(path)}


def _shard(number, total=3, end=".safetensors", start="model"):
    return f"{start}-{number:05d}-of-{total:05d}{end}"


def _index(folder, shards, name="model.safetensors.index.json"):
    weights = {f"layer.{number}": shard for number, shard in enumerate(shards)}
    text = json.dumps({"metadata": {"total_size": 3}, "weight_map": weights})
    (folder / name).write_text(text)


@pytest.fixture
def hub(tmp_path):
    """A folder as models of the Hugging Face hub have it."""
    for number in (1, 2, 3):
        (tmp_path / _shard(number)).write_bytes(b"x")
    _index(tmp_path, [_shard(1), _shard(2), _shard(2), _shard(3)])
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def test_a_whole_checkpoint_has_no_problems(hub):
    assert index_problems(hub) == ()


def test_a_single_file_has_no_problems(hub):
    assert index_problems(hub / "config.json") == ()


def test_a_shard_that_is_gone_is_named(hub):
    (hub / _shard(2)).unlink()
    assert _problems(hub) == {_shard(2): Verdict.MISSING}


def test_a_shard_of_another_save_is_named(hub):
    (hub / _shard(1, total=4)).write_bytes(b"x")
    problems = _problems(hub)
    assert problems[_shard(1, total=4)] is Verdict.EXTRA
    assert Verdict.MISSING in problems.values()


def test_shards_in_another_format_beside_it_are_not_too_many(hub):
    for number in (1, 2):
        (hub / _shard(number, 2, ".bin", "pytorch_model")).write_bytes(b"x")
    _index(
        hub, [_shard(n, 2, ".bin", "pytorch_model") for n in (1, 2)], "pytorch_model.bin.index.json"
    )
    assert index_problems(hub) == ()


def test_an_index_in_a_folder_below_is_read_too(hub):
    (hub / "unet").mkdir()
    _index(hub / "unet", [_shard(1, 1)])
    assert _problems(hub) == {f"unet/{_shard(1, 1)}": Verdict.MISSING}


def test_numbers_tell_without_an_index(tmp_path):
    (tmp_path / _shard(2, 3, ".gguf")).write_bytes(b"x")
    assert _problems(tmp_path) == dict.fromkeys(
        (_shard(1, 3, ".gguf"), _shard(3, 3, ".gguf")), Verdict.MISSING
    )


def test_numbers_may_begin_with_zero(tmp_path):
    for number in (0, 1):
        (tmp_path / _shard(number, 2)).write_bytes(b"x")
    assert index_problems(tmp_path) == ()


def test_many_missing_shards_in_a_row_are_one_problem(tmp_path):
    """A name can promise 99,999 of them."""
    for number in (1, 50_000):
        (tmp_path / _shard(number, 99_999)).touch()
    names = [(2, 49_999), (50_001, 99_999)]
    assert _problems(tmp_path) == {
        f"{_shard(first, 99_999)} to {_shard(last, 99_999)}": Verdict.MISSING
        for first, last in names
    }


def test_names_that_promise_shards_without_end_take_no_time(tmp_path):
    """Each of 300 empty files would once have named 99,998 others."""
    for number in range(300):
        (tmp_path / _shard(1, 99_999, start=f"a{number}")).touch()
    before = time.monotonic()
    assert len(index_problems(tmp_path)) == 300
    assert time.monotonic() - before < 5


def test_an_index_that_names_shards_without_end_is_refused(tmp_path):
    """An index of a few megabytes can name more than anybody would read."""
    _index(tmp_path, [f"{number}.safetensors" for number in range(100_001)])
    with pytest.raises(UnsafeCheckpointError, match="more than 100,000 files"):
        index_problems(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"weight_map": []}', '{"weight_map": {"a": 1}}', "[" * 99999]
)
def test_a_damaged_index_is_named(hub, text):
    (hub / "model.safetensors.index.json").write_text(text)
    assert _problems(hub) == {"model.safetensors.index.json": Verdict.UNREADABLE}


@pytest.mark.parametrize("shard", ["../../etc/passwd", "/etc/passwd", "a/../../b", ""])
def test_an_index_that_leads_out_of_the_folder_is_refused(hub, shard):
    _index(hub, [shard])
    with pytest.raises(UnsafeCheckpointError):
        index_problems(hub)


def test_other_indexes_are_left_alone(hub):
    (hub / "search.index.json").write_text("[1]")
    assert index_problems(hub) == ()


@pytest.fixture
def distributed(tmp_path):
    """A checkpoint of torch.distributed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is saved by a single process
        dcp.save({"a": torch.arange(10.0)}, checkpoint_id=str(tmp_path), no_dist=True)
    return tmp_path


def test_a_whole_distributed_checkpoint_has_no_problems(distributed):
    assert (distributed / ".metadata").is_file()
    assert index_problems(distributed) == ()


def test_files_of_a_distributed_checkpoint_are_told_as_missing_and_extra(distributed):
    (distributed / "__0_0.distcp").rename(distributed / "__7_0.distcp")
    assert _problems(distributed) == {
        "__0_0.distcp": Verdict.MISSING,
        "__7_0.distcp": Verdict.EXTRA,
    }


def test_a_distributed_checkpoint_without_metadata_is_told(distributed):
    (distributed / ".metadata").unlink()
    assert _problems(distributed) == {".metadata": Verdict.MISSING}


def test_damaged_metadata_is_told(distributed):
    whole = (distributed / ".metadata").read_bytes()
    (distributed / ".metadata").write_bytes(whole[: len(whole) // 2])
    assert _problems(distributed) == {".metadata": Verdict.UNREADABLE}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_metadata_is_read_in_every_protocol(distributed, protocol):
    """Of every kind of operation that there is, no text is overlooked."""
    values = [1, -5, 2**40, 2**90, 1.5, None, True, b"x" * 300, bytearray(b"q"), "é", {1}, ()]
    names = {"__0_0.distcp": 1, "é.distcp": 2, "a/\\.distcp": 3, f"{'x' * 300}.distcp": 4}
    metadata = pickle.dumps([values, names, frozenset([3]), [*range(70_000)]], protocol)
    (distributed / ".metadata").write_bytes(metadata)
    assert set(_problems(distributed)) == set(names) - {"__0_0.distcp"}
    (distributed / ".metadata").write_bytes(metadata[:-1])
    assert _problems(distributed) == {".metadata": Verdict.UNREADABLE}


def test_metadata_of_many_small_operations_takes_a_moment(distributed):
    """Those of one length are passed over together."""
    (distributed / ".metadata").write_bytes(b"Nh\x01" * 10_000_000)
    before = time.process_time()
    assert _problems(distributed) == {".metadata": Verdict.UNREADABLE}
    assert time.process_time() - before < 10


def test_metadata_with_more_texts_than_any_checkpoint_has_is_not_read_to_its_end(distributed):
    """Texts are what takes time; an honest file has one for each chunk of a tensor."""
    (distributed / ".metadata").write_bytes(b"\x8c\x01a" * 3_000_001 + b".")
    assert _problems(distributed) == {".metadata": Verdict.UNREADABLE}


def test_metadata_that_would_run_code_runs_none(distributed, tmp_path):
    """The reader of torch executes such a file on sight."""
    proof = tmp_path.parent / "executed"
    payload = b"cos\nsystem\n(S'touch " + str(proof).encode() + b"'\ntR."
    (distributed / ".metadata").write_bytes(payload)
    assert _problems(distributed) == {"__0_0.distcp": Verdict.EXTRA}
    assert not proof.exists()


def test_metadata_that_leads_out_of_the_folder_is_refused(distributed):
    (distributed / ".metadata").write_bytes(b"V../../x.distcp\n.")
    with pytest.raises(UnsafeCheckpointError, match="leads out"):
        index_problems(distributed)


@pytest.fixture(scope="module")
def saved_by_orbax(tmp_path_factory):
    """What Orbax writes for a tree of arrays; in a process of its own, since it starts threads."""
    folder = tmp_path_factory.mktemp("orbax") / "checkpoint"
    code = (
        "import sys, jax.numpy as jnp, orbax.checkpoint as ocp\n"
        "with ocp.StandardCheckpointer() as saver:\n"
        "    saver.save(sys.argv[1], {'a': jnp.arange(4.0), 'b': {'c': jnp.ones((100, 100))}})\n"
    )
    subprocess.run([sys.executable, "-c", code, folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def orbax(saved_by_orbax, tmp_path):
    """A copy of it to damage."""
    return Path(shutil.copytree(saved_by_orbax, tmp_path / "checkpoint"))


def _data(orbax, folder=""):
    """The part of the database in that folder, relative to the checkpoint."""
    part = next((orbax / folder / "d").iterdir())
    return part.relative_to(orbax).as_posix()


def test_a_whole_checkpoint_of_orbax_has_no_problems(orbax):
    assert index_problems(orbax) == ()


@pytest.mark.parametrize("name", ["manifest.ocdbt", "ocdbt.process_0/manifest.ocdbt"])
def test_a_manifest_of_orbax_that_is_gone_is_named(orbax, name):
    (orbax / name).unlink()
    assert _problems(orbax) == {name: Verdict.MISSING}


def test_data_of_orbax_that_is_gone_is_named(orbax):
    shutil.rmtree(orbax / "d")
    assert _problems(orbax) == {"d": Verdict.MISSING}


@pytest.mark.parametrize("name", ["manifest.ocdbt", "d", "ocdbt.process_0/d"])
def test_a_part_of_orbax_that_was_cut_is_named(orbax, name):
    if name.endswith("d"):
        name = _data(orbax, name.removesuffix("d"))
    (orbax / name).write_bytes((orbax / name).read_bytes()[:-1])
    assert _problems(orbax) == {name: Verdict.MISMATCH}


def test_damaged_metadata_of_orbax_is_named(orbax):
    (orbax / "_METADATA").write_text("{")
    assert _problems(orbax) == {"_METADATA": Verdict.UNREADABLE}


def test_an_array_of_orbax_in_a_folder_of_its_own_that_is_gone_is_named(orbax):
    metadata = json.loads((orbax / "_METADATA").read_text()) | {"use_ocdbt": False}
    (orbax / "_METADATA").write_text(json.dumps(metadata))
    assert _problems(orbax) == {"a": Verdict.MISSING, "b.c": Verdict.MISSING}
    for name in ("a", "b.c"):
        (orbax / name).mkdir()
        (orbax / name / ".zarray").write_text("{}")
    assert index_problems(orbax) == ()


def test_an_index_that_is_far_too_long_is_not_read(hub):
    with (hub / "model.safetensors.index.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(CheckpointError, match="more than"):
        index_problems(hub)
