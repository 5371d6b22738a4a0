"""``repro-nb checkpoint hash`` and ``manifest``."""

import hashlib
import json
import subprocess
import sys

import pytest

DATA = b"weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


def _run(*words, cwd):
    command = [sys.executable, "-m", "repro_nb", "checkpoint", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def model(tmp_path):
    """A folder with two files."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.bin").write_bytes(DATA)
    (tmp_path / "model" / "b.bin").touch()
    return tmp_path


def test_hash_prints_the_digest_of_files_and_folders(model):
    told = _run("hash", "model/a.bin", "model", cwd=model)
    file, folder = told.stdout.splitlines()
    assert file == f"sha256:{SHA256}  model/a.bin"
    assert folder.endswith("  model  (2 files)")
    assert (told.returncode, told.stderr) == (0, "")


def test_hash_says_what_a_weak_algorithm_is_good_for(model):
    told = _run("hash", "model/a.bin", "--algorithm", "xxh3", cwd=model)
    assert told.stdout.endswith("model/a.bin  (accidental change only)\n")


def test_hash_prints_json_alone(model):
    told = _run("hash", "model", "--json", "--algorithm", "blake3", cwd=model)
    envelope = json.loads(told.stdout)
    assert envelope["schema"] == "repro_nb/checkpoint-hash/1"
    (result,) = envelope["results"]
    assert (result["status"], result["kind"], result["algorithm"]) == ("ok", "directory", "blake3")
    assert [each["name"] for each in result["files"]] == ["a.bin", "b.bin"]


@pytest.mark.parametrize(("expected", "code"), [(SHA256, 0), ("0" * 64, 1), (SHA256[:10], 2)])
def test_hash_exits_by_whether_the_digest_is_the_expected_one(model, expected, code):
    told = _run("hash", "model/a.bin", "--expected", expected, cwd=model)
    assert told.returncode == code


def test_hash_names_shards_that_are_missing_and_exits_with_1(model):
    (model / "model" / "m-00001-of-00002.safetensors").touch()
    told = _run("hash", "model", cwd=model)
    assert told.returncode == 1
    assert "missing     m-00002-of-00002.safetensors" in told.stderr


def test_hash_tells_what_cannot_be_read_and_exits_with_2(model):
    told = _run("hash", "gone.pth", cwd=model)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "error: gone.pth: there is no such file\n"


def test_manifests_are_made_and_verified(model):
    made = _run("manifest", "create", "model", cwd=model)
    assert made.stdout == "model/SHA256SUMS: 2 files, sha256\n"
    told = _run("manifest", "verify", "model/SHA256SUMS", cwd=model)
    assert (told.returncode, told.stdout) == (0, "2 of 2 files are as the manifest says\n")
    (model / "model" / "b.bin").write_bytes(b"!")
    told = _run("manifest", "verify", "model/SHA256SUMS", cwd=model)
    assert told.returncode == 1
    assert told.stdout.startswith("mismatch    b.bin: its digest is another one\n")


def test_manifests_are_told_as_json(model):
    made = json.loads(
        _run("manifest", "create", "model", "--form", "oms", "--json", cwd=model).stdout
    )
    assert made["schema"] == "repro_nb/checkpoint-manifest-create/1"
    told = _run("manifest", "verify", "model/manifest.intoto.json", "--json", cwd=model)
    results = json.loads(told.stdout)["results"]
    assert [(each["file"], each["status"]) for each in results] == [
        ("a.bin", "ok"),
        ("b.bin", "ok"),
    ]


def test_names_of_files_cannot_play_with_the_terminal(model):
    (model / "model" / "\x1b[2Jevil").touch()
    made = _run("manifest", "create", "model", cwd=model)
    assert made.returncode == 0
    (model / "model" / "\x1b[2Jevil").unlink()
    told = _run("manifest", "verify", "model/SHA256SUMS", cwd=model)
    assert "\x1b" not in told.stdout
    assert "evil: it is not there" in told.stdout


def test_a_name_cannot_forge_a_line(model):
    """Nor look like the name of another file."""
    folder = model / "model"
    for name in ("new\nline", "new line", r"new\nline"):
        (folder / name).write_bytes(DATA)
    told = _run("hash", *sorted(folder.glob("new*")), cwd=model)
    names = [line.rpartition("/")[2] for line in told.stdout.splitlines()]
    assert sorted(names) == ["new line", r"new\\nline", r"new\nline"]


def test_after_one_that_fails_the_others_are_hashed(model):
    """Each error is told, and it exits with 2."""
    told = _run("hash", "gone", "model/a.bin", "", cwd=model)
    assert (told.returncode, told.stdout) == (2, f"sha256:{SHA256}  model/a.bin\n")
    assert "error: gone: there is no such file" in told.stderr
    assert "the path is empty" in told.stderr
    results = json.loads(_run("hash", "gone", "model/a.bin", "--json", cwd=model).stdout)["results"]
    assert [each["status"] for each in results] == ["error", "ok"]
    assert results[0]["error"] == "there is no such file"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hash", "http://127.0.0.1:9/folder/"], "a web server has no folders"),
        (["hash", "hf://owner/model/a.bin"], "huggingface_hub"),
        (["hash", "az://container/a.bin"], "adlfs"),
        (["hash", "sftp://host/a.bin"], "paramiko"),
        (["manifest", "create", "http://host/model"], "local files alone"),
        (["manifest", "verify", "s3://bucket/SHA256SUMS"], "local files alone"),
        (["manifest", "create", ""], "the path is empty"),
    ],
)
def test_an_address_that_will_not_do_says_why(model, words, message):
    told = _run(*words, cwd=model)
    assert (told.returncode, told.stdout) == (2, "")
    assert message in told.stderr


def test_a_warning_is_a_line_without_our_files(model):
    """Where in this package it comes from tells a user nothing."""
    told = _run("manifest", "create", "model", "--algorithm", "md5", cwd=model)
    assert told.returncode == 0
    assert ".py" not in told.stderr
    assert "UserWarning" not in told.stderr
