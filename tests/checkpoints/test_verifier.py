"""What users do with a folder of checkpoints: register, verify, find the damage, look back."""

import json
import os
import shutil
import socket

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from repro_nb import CheckpointMetadata, CheckpointVerifier
from repro_nb.checkpoints.verdicts import ByteRange, Verdict
from repro_nb.errors import CheckpointError, RegistryError, UsageError

MIB = 1 << 20


@pytest.fixture
def folder(tmp_path):
    """A folder for checkpoints, which is not the current one."""
    return tmp_path / "experiments"


@pytest.fixture
def verifier(folder):
    """Its verifier."""
    return CheckpointVerifier(folder)


def write(path, content=b"x" * 1000):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def flip(path, at, bit=0):
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))


def test_a_checkpoint_that_was_not_touched_is_ok(folder, verifier):
    """Also for who only asks whether it is true, or prints it."""
    write(folder / "model.pth")
    digest = verifier.register_checkpoint("model.pth", metadata={"epoch": 10, "accuracy": 0.95})
    found = CheckpointVerifier(folder).verify_checkpoint("model.pth")
    assert found
    assert found.verdict is Verdict.OK
    assert found.actual == found.expected == digest
    assert f"valid: {found}" == "valid: True"


def test_one_flipped_bit_is_found_and_named(folder, verifier):
    """The 8 MiB that it lies in, and the tensor."""
    weights = {"a": np.zeros(3 * MIB, np.float32), "b": np.ones(3 * MIB, np.float32)}
    save_file(weights, folder / "model.safetensors")
    verifier.register_checkpoint("model.safetensors")
    flip(folder / "model.safetensors", 20 * MIB, bit=5)
    found = verifier.verify_checkpoint("model.safetensors")
    assert found.verdict is Verdict.MISMATCH
    (damage,) = found.damage
    assert damage.ranges == (ByteRange(start=16 * MIB, stop=24 * MIB),)
    assert damage.tensors == ("b",)
    assert str(found) == f"False (mismatch: {found.reason})"
    assert "bytes 16,777,216 to 25,165,823 differ" in found.reason


def test_damage_that_makes_the_content_unreadable_is_found_by_its_place(folder, verifier):
    """The tensors that lay in the damaged bytes are named all the same."""
    path = folder / "model.safetensors"
    save_file({"a": np.zeros(3 * MIB, np.float32), "b": np.ones(3 * MIB, np.float32)}, path)
    verifier.register_checkpoint("model.safetensors")
    os.truncate(path, 20 * MIB)
    found = verifier.verify_checkpoint("model.safetensors")
    assert "it has 20,971,520 bytes, and had" in found.reason
    assert "cannot be read any more" in found.reason
    assert found.damage[0].tensors == ("b",)


def test_saved_again_under_another_name_it_holds_the_same_tensors(folder, verifier):
    """A mismatch of bytes alone is told as such: torch writes the file's name into it."""
    torch.save({"w": torch.ones(3)}, folder / "model.pth")
    verifier.register_checkpoint("model.pth")
    torch.save({"w": torch.ones(3)}, folder / "other.pth")
    (folder / "other.pth").replace(folder / "model.pth")
    found = verifier.verify_checkpoint("model.pth")
    assert not found
    assert "the same tensors" in found.reason


def test_a_folder_tells_which_of_its_files_differ(folder, verifier):
    """Changed, missing and extra files, each by its name, and the changed one to the bytes."""
    for name in ("one.bin", "deep/two.bin", "three.bin"):
        write(folder / "model" / name, name.encode() * 1000)
    verifier.register_checkpoint("model")
    flip(folder / "model/deep/two.bin", 5)
    (folder / "model/three.bin").unlink()
    write(folder / "model/four.bin")
    found = verifier.verify_checkpoint("model")
    assert found.verdict is Verdict.MISMATCH
    assert {each.file: each.verdict for each in found.damage} == {
        "deep/two.bin": Verdict.MISMATCH,
        "three.bin": Verdict.MISSING,
        "four.bin": Verdict.EXTRA,
    }
    assert "deep/two.bin differs, three.bin is missing, four.bin was not registered" in found.reason


@pytest.mark.parametrize(
    ("change", "verdict"), [("extra", Verdict.EXTRA), ("missing", Verdict.MISSING)]
)
def test_a_folder_with_whole_files_has_the_verdict_of_the_rest(folder, verifier, change, verdict):
    """An extra file alone is extra, a missing one missing."""
    write(folder / "model/a.bin")
    write(folder / "model/b.bin")
    verifier.register_checkpoint("model")
    write(folder / "model/c.bin") if change == "extra" else (folder / "model/b.bin").unlink()
    assert verifier.verify_checkpoint("model").verdict is verdict


def test_results_of_all_do_not_pass_on_damage(folder, verifier):
    """all(results.values()) is false for each kind of failure."""
    for name in ("good.pth", "gone.pth", "bad.pth"):
        write(folder / name)
        verifier.register_checkpoint(name)
    assert all(verifier.verify_all_checkpoints().values())
    (folder / "gone.pth").unlink()
    flip(folder / "bad.pth", 0)
    results = verifier.verify_all_checkpoints()
    assert [found.verdict for found in results.values()] == ["ok", "missing", "mismatch"]
    assert not all(results.values())


def test_a_damaged_registry_does_not_pass(folder, verifier):
    """The line has a result of its own, which says what to do."""
    for name in ("a.pth", "b.pth"):
        write(folder / name)
        verifier.register_checkpoint(name)
    registry = folder / "checkpoints.repro.jsonl"
    registry.write_bytes(registry.read_bytes().replace(b'"size":1000', b'"size":1001', 1))
    results = verifier.verify_all_checkpoints()
    assert results["b.pth"]
    assert results["checkpoints.repro.jsonl:1"].verdict is Verdict.UNREADABLE
    assert "register a.pth again" in results["checkpoints.repro.jsonl:1"].reason
    assert "as far as the registry can be read" in verifier.verify_checkpoint("a.pth").reason
    verifier.register_checkpoint("a.pth")
    assert all(verifier.verify_all_checkpoints().values())


def test_what_is_not_registered_does_not_verify(folder, verifier):
    """Whether it is there or not."""
    write(folder / "model.pth")
    assert verifier.verify_checkpoint("model.pth").verdict is Verdict.EXTRA
    assert verifier.verify_checkpoint("none.pth").verdict is Verdict.MISSING


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "forbidden", "link"])
def test_what_cannot_be_read_is_unreadable_and_nothing_hangs(tmp_path, monkeypatch, kind):
    """A checkpoint that gave way to a pipe, a socket, a device, a file of somebody else's, a link to nowhere."""
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    path = write(tmp_path / "model.pth")
    verifier = CheckpointVerifier(tmp_path)
    verifier.register_checkpoint("model.pth")
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("model.pth")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        path.mkdir()
        write(path / "inner").chmod(0)
        if os.geteuid() == 0:
            (path / "inner").unlink()
            os.mkfifo(path / "inner")
    found = verifier.verify_checkpoint("model.pth")
    assert found.verdict is Verdict.UNREADABLE
    assert found.reason


@pytest.mark.parametrize(
    "name", ["../model.pth", "/etc/hostname", ".", "", "checkpoints.repro.jsonl"]
)
def test_names_outside_the_folder_are_refused(folder, verifier, name):
    """With a sentence, and before anything is hashed."""
    write(folder.parent / "model.pth")
    with pytest.raises(UsageError):
        verifier.register_checkpoint(name)


def test_an_absolute_path_and_a_name_are_the_same_checkpoint(folder, verifier):
    """Also where the folder is reached through a link."""
    write(folder / "model.pth")
    verifier.register_checkpoint(folder / "model.pth")
    (folder.parent / "link").symlink_to(folder)
    assert verifier.verify_checkpoint(folder.parent / "link" / "model.pth")
    assert verifier.list_registered_checkpoints() == ["model.pth"]


def test_a_missing_file_cannot_be_registered(verifier):
    """The error names it."""
    with pytest.raises(CheckpointError, match=r"none\.pth"):
        verifier.register_checkpoint("none.pth")


def test_removing_leaves_file_and_history(folder, verifier):
    """And says whether there was something to remove."""
    write(folder / "model.pth")
    verifier.register_checkpoint("model.pth")
    assert verifier.remove_checkpoint("model.pth", note="old") is True
    assert verifier.remove_checkpoint("model.pth") is False
    assert verifier.list_registered_checkpoints() == []
    assert (folder / "model.pth").exists()
    assert [each.event for each in verifier.log("model.pth")] == ["registered", "removed"]


def test_metadata_comes_back_as_it_was_given(folder, verifier):
    """Numbers of numpy and torch as numbers, NaN as NaN, tuples as lists."""
    write(folder / "model.pth")
    given = {
        "loss": float("nan"),
        "best": -np.inf,
        "accuracy": np.float32(0.5),
        "steps": torch.tensor(7),
        "hardware": {"gpus": ("A100", 8), "path": folder},
        "none": None,
        "big": 2**80,
    }
    verifier.register_checkpoint("model.pth", given, note="first")
    found = verifier.get_checkpoint_metadata("model.pth")
    assert str(found.metadata.pop("loss")) == "nan"
    assert found.metadata == {
        "best": -np.inf,
        "accuracy": 0.5,
        "steps": 7,
        "hardware": {"gpus": ["A100", 8], "path": str(folder)},
        "none": None,
        "big": 2**80,
    }
    assert (found.note, found.file_size) == ("first", 1000)
    assert CheckpointMetadata.from_dict(found.to_dict()) == found
    assert verifier.get_checkpoint_metadata("none.pth") is None


@pytest.mark.parametrize(
    "metadata",
    [{"model": object()}, {1: "a"}, {"a": {"b": {1, 2}}}, {"x": np.zeros(3)}, {"$float": 1}],
)
def test_metadata_that_cannot_be_kept_is_refused_by_name(folder, verifier, metadata):
    """Nothing is turned into a text in silence."""
    write(folder / "model.pth")
    with pytest.raises(UsageError, match="metadata"):
        verifier.register_checkpoint("model.pth", metadata)


def test_metadata_that_holds_itself_is_refused(folder, verifier):
    """It does not end in a recursion error."""
    write(folder / "model.pth")
    loop = {}
    loop["loop"] = loop
    with pytest.raises(UsageError, match="too deeply"):
        verifier.register_checkpoint("model.pth", loop)


def test_another_architecture_is_told_where_one_was_recorded(folder, verifier):
    """The file may be whole and yet not fit the model any more."""
    write(folder / "model.pth")
    verifier.register_checkpoint("model.pth", model=torch.nn.Linear(10, 1))
    assert verifier.verify_checkpoint("model.pth", model=torch.nn.Linear(10, 1))
    found = verifier.verify_checkpoint("model.pth", model=torch.nn.Linear(10, 2))
    assert found.verdict is Verdict.ARCHITECTURE_CHANGED
    assert verifier.verify_checkpoint("model.pth")


def test_a_parent_must_be_registered(folder, verifier):
    """Its digest at that time is kept with the child."""
    write(folder / "a.pth")
    write(folder / "b.pth")
    with pytest.raises(UsageError, match="not registered"):
        verifier.register_checkpoint("b.pth", parent="a.pth")
    digest = verifier.register_checkpoint("a.pth")
    verifier.register_checkpoint("b.pth", parent="a.pth")
    (child,) = verifier.log("b.pth")
    assert (child.parent.checkpoint, child.parent.digest) == ("a.pth", digest)


def test_trusting_the_file_system_is_no_verification(folder, verifier):
    """What was not written is skipped, which is not true; what was written is hashed."""
    write(folder / "same.pth")
    write(folder / "touched.pth")
    for name in ("same.pth", "touched.pth"):
        verifier.register_checkpoint(name)
    os.utime(folder / "touched.pth")
    results = verifier.verify_all_checkpoints(trust_mtime=True)
    assert [found.verdict for found in results.values()] == [Verdict.SKIPPED, Verdict.OK]
    assert not results["same.pth"]
    assert "skipped, not verified" in results["same.pth"].reason
    assert "1 of 1 shard" in results["same.pth"].reason


def test_the_sample_finds_damage_that_the_file_system_does_not_tell_of(
    folder, verifier, monkeypatch
):
    """A registry that trusts a file whose bytes are others: the sampled shard says no, and all is hashed."""
    write(folder / "model.pth")
    verifier.register_checkpoint("model.pth")
    flip(folder / "model.pth", 3)
    (was,) = verifier.log("model.pth")
    from repro_nb.checkpoints import examining, identity

    kept = identity.touch_of(folder / "model.pth")
    kept.digest = was.identity
    monkeypatch.setattr(examining, "touch_of", lambda _: kept)
    assert verifier.verify_checkpoint("model.pth", trust_mtime=True).verdict is Verdict.MISMATCH


@pytest.mark.parametrize("algorithm", ["sha512", "blake2b", "blake3", "xxh3"])
def test_each_algorithm_registers_and_localises(folder, algorithm):
    """Verifying uses the algorithm of the registration, whatever the verifier's."""
    write(folder / "model.bin", bytes(9 * MIB))
    CheckpointVerifier(folder, algorithm=algorithm).register_checkpoint("model.bin")
    assert CheckpointVerifier(folder).verify_checkpoint("model.bin")
    flip(folder / "model.bin", 9 * MIB - 1)
    found = CheckpointVerifier(folder).verify_checkpoint("model.bin")
    assert found.damage[0].ranges == (ByteRange(start=8 * MIB, stop=9 * MIB),)


def test_a_broken_algorithm_is_accepted_with_a_warning(folder):
    """The warning names a better one."""
    write(folder / "model.bin")
    with pytest.warns(UserWarning, match="md5 protects from accidents alone.*blake3"):
        CheckpointVerifier(folder, algorithm="md5").register_checkpoint("model.bin")


def test_an_empty_file_is_a_checkpoint_too(folder, verifier):
    """Also with trust_mtime, where there is no shard to look at."""
    write(folder / "empty.bin", b"")
    verifier.register_checkpoint("empty.bin")
    assert verifier.verify_checkpoint("empty.bin", trust_mtime=True)
    write(folder / "empty.bin", b"1")
    assert verifier.verify_checkpoint("empty.bin").verdict is Verdict.MISMATCH


def test_a_file_that_became_a_folder_is_told(folder, verifier):
    """And the other way round."""
    write(folder / "a")
    write(folder / "b/inner")
    verifier.register_checkpoint("a")
    verifier.register_checkpoint("b")
    (folder / "a").unlink()
    write(folder / "a/inner")
    shutil.rmtree(folder / "b")
    write(folder / "b")
    assert verifier.verify_checkpoint("a").reason == "it was a file, and is a directory"
    assert verifier.verify_checkpoint("b").reason == "it was a directory, and is a file"


def test_a_checkpoint_that_would_run_code_is_registered_and_told(folder, verifier):
    """Its bytes are kept and verified; its contents are not, and the reason is in the registry."""
    import pickle

    class Evil:
        def __reduce__(self):
            return os.system, ("touch /tmp/never",)

    write(folder / "evil.pt", pickle.dumps({"w": Evil()}))
    verifier.register_checkpoint("evil.pt")
    assert verifier.verify_checkpoint("evil.pt")
    assert "system" in verifier.log("evil.pt")[0].content.problem


def test_a_registry_that_cannot_be_written_says_so(folder, verifier):
    """And the checkpoint is not acknowledged."""
    write(folder / "model.pth")
    (folder / "checkpoints.repro.jsonl").mkdir()
    with pytest.raises(RegistryError):
        verifier.register_checkpoint("model.pth")


def test_a_merge_of_two_branches_keeps_both_registrations(folder, verifier):
    """The file that is there verifies if one of the branches registered it; the remark asks to settle it."""
    registry = folder / "checkpoints.repro.jsonl"
    lines = []
    for content in (b"ours", b"theirs"):
        registry.unlink(missing_ok=True)
        write(folder / "model.pth", content)
        verifier.register_checkpoint("model.pth")
        lines.append(registry.read_bytes())
    registry.write_bytes(b"".join(reversed(lines)))
    write(folder / "model.pth", b"ours")
    found = verifier.verify_checkpoint("model.pth")
    assert found
    assert "another branch registered others" in found.reason
    assert any("several branches" in remark for remark in verifier.report().remarks)
    write(folder / "model.pth", b"neither")
    assert verifier.verify_checkpoint("model.pth").verdict is Verdict.MISMATCH


@pytest.mark.parametrize("suffix", [".md", ".html", ".json"])
def test_a_report_is_written_in_the_form_of_its_suffix(folder, verifier, tmp_path, suffix):
    """What is good and what is not, with the place."""
    write(folder / "good.pth")
    write(folder / "<script>alert(1)</script>|`x`.pth".replace("/", "-"))
    names = ["good.pth", "<script>alert(1)<-script>|`x`.pth"]
    for name in names:
        verifier.register_checkpoint(name, {"<b>": "</td><script>"}, note="*a* <i>")
    flip(folder / names[1], 5)
    target = tmp_path / f"report{suffix}"
    verifier.export_verification_report(target)
    text = target.read_text()
    assert "good.pth" in text
    assert "0 to 999" in text or suffix == ".json"
    if suffix == ".json":
        results = json.loads(text)["results"]
        assert [each["status"] for each in results] == ["ok", "failed"]
        assert results[1]["damage"][0]["ranges"] == [[0, 1000]]
    else:
        assert "<script>" not in text.replace("\\<", "")


def test_a_report_in_an_unknown_form_is_refused(verifier, tmp_path):
    """The error lists the forms."""
    with pytest.raises(UsageError, match=r"\.md, \.html, \.json"):
        verifier.export_verification_report(tmp_path / "report.pdf")
