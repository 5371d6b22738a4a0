"""Manifests: the programs that define their forms accept ours, and we accept theirs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb import create_integrity_manifest, verify_integrity_manifest
from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.manifests import sha256sums
from repro_nb.checkpoints.signing.bundle import Bundle, key_hint
from repro_nb.checkpoints.signing.dsse import sign
from repro_nb.checkpoints.signing.keys import load_private_key, make_key_pair
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.checkpoints.warning import WeakAlgorithmWarning
from repro_nb.errors import (
    CheckpointError,
    FileChangedError,
    UnsafeCheckpointError,
    UsageError,
)

NAMES = (
    "a.bin",
    "sub/é b.bin",
    "back\\slash",
    "new\nline",
    "return\rx",
    " blank ",
    "*star",
    "#hash",
)
PROGRAMS = {"sha256": "sha256sum", "sha512": "sha512sum", "blake2b": "b2sum", "md5": "md5sum"}


@pytest.fixture
def model(tmp_path):
    """A folder whose files have awkward names."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(bytes([number]) * 100)
    return folder


def _program(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return name


def _verdicts(results):
    return {each.name: each.verdict for each in results if not each}


@pytest.mark.filterwarnings("ignore::repro_nb.checkpoints.warning.WeakAlgorithmWarning")
@pytest.mark.parametrize("algorithm", PROGRAMS)
def test_the_standard_program_accepts_our_lines(model, algorithm):
    manifest = create_integrity_manifest(model, algorithm=algorithm)
    command = [_program(PROGRAMS[algorithm]), "--check", "--strict", manifest.path.name]
    told = subprocess.run(command, cwd=model, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.count(": OK") == len(NAMES)


@pytest.mark.filterwarnings("ignore::repro_nb.checkpoints.warning.WeakAlgorithmWarning")
@pytest.mark.parametrize("options", [[], ["--tag"], ["--binary"]])
@pytest.mark.parametrize("algorithm", PROGRAMS)
def test_we_accept_the_lines_of_the_standard_program(model, tmp_path, algorithm, options):
    command = [_program(PROGRAMS[algorithm]), *options, "--", *(f"./{name}" for name in NAMES)]
    told = subprocess.run(command, cwd=model, capture_output=True, check=True)
    manifest = tmp_path / sha256sums.FILE_NAMES[algorithm]
    manifest.write_bytes(told.stdout)
    results = verify_integrity_manifest(manifest, model)
    assert all(results)
    assert {each.name for each in results} == set(NAMES)
    assert {each.algorithm for each in results} == {algorithm}


@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "blake2b", "blake3", "xxh3"])
def test_a_folder_verifies_against_its_own_manifest(model, algorithm):
    manifest = create_integrity_manifest(model, algorithm=algorithm)
    assert set(manifest.digests) == set(NAMES)
    assert all(verify_integrity_manifest(manifest))
    assert len(verify_integrity_manifest(manifest.path)) == len(NAMES)


def test_a_weak_algorithm_is_warned_of(model):
    with pytest.warns(WeakAlgorithmWarning):
        create_integrity_manifest(model, algorithm="md5")


@pytest.mark.parametrize("form", ["sha256sums", "oms"])
def test_what_differs_is_told_file_by_file(model, form):
    manifest = create_integrity_manifest(model, form=form).path
    (model / "a.bin").write_bytes(b"other")
    (model / " blank ").unlink()
    (model / "new.bin").touch()
    results = verify_integrity_manifest(manifest)
    assert _verdicts(results) == {
        "a.bin": Verdict.MISMATCH,
        " blank ": Verdict.MISSING,
        "new.bin": Verdict.EXTRA,
    }
    assert len(results) == len(NAMES) + 1
    assert not all(results)


def test_a_folder_that_lost_all_its_files_does_not_verify(model):
    manifest = create_integrity_manifest(model)
    for name in NAMES:
        (model / name).unlink()
    assert set(_verdicts(verify_integrity_manifest(manifest)).values()) == {Verdict.MISSING}


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="there is no such folder"):
        create_integrity_manifest(tmp_path / "gone")


def test_a_manifest_may_lie_elsewhere(model, tmp_path):
    manifest = create_integrity_manifest(model, tmp_path / "sums")
    assert manifest.path == tmp_path / "sums"
    assert all(verify_integrity_manifest(tmp_path / "sums", model))


def test_a_manifest_of_any_name_in_the_folder_is_no_part_of_it(model):
    manifest = create_integrity_manifest(model, model / "sub" / "sums.txt")
    assert "sub/sums.txt" not in manifest.digests
    assert all(verify_integrity_manifest(manifest.path, model))


def test_a_manifest_is_made_anew_in_the_place_of_an_old_one(model):
    first = create_integrity_manifest(model)
    (model / "a.bin").write_bytes(b"other")
    assert create_integrity_manifest(model).digests != first.digests
    assert all(verify_integrity_manifest(first.path))


@pytest.mark.parametrize("content", [b"weights", b"\x80\x02", b"", b"{}"])
def test_nothing_but_a_manifest_is_overwritten(model, tmp_path, content):
    (tmp_path / "precious").write_bytes(content)
    with pytest.raises(CheckpointError, match="not overwritten"):
        create_integrity_manifest(model, tmp_path / "precious")
    assert (tmp_path / "precious").read_bytes() == content


def test_a_manifest_that_cannot_be_written_is_told(model, tmp_path):
    with pytest.raises(CheckpointError, match="the manifest cannot be written"):
        create_integrity_manifest(model, tmp_path / "gone" / "SHA256SUMS")


def test_the_statement_is_what_model_signing_signs(model):
    manifest = create_integrity_manifest(model, form="oms")
    statement = json.loads(manifest.path.read_text())
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    names = [each["name"] for each in statement["predicate"]["resources"]]
    assert names == sorted(NAMES)
    assert "manifest.intoto.json" in statement["predicate"]["serialization"]["ignore_paths"]


@pytest.mark.parametrize("algorithm", ["blake2b", "blake3"])
def test_a_statement_may_have_the_hashes_that_model_signing_knows(model, algorithm):
    manifest = create_integrity_manifest(model, algorithm=algorithm, form="oms")
    assert all(verify_integrity_manifest(manifest.path))


@pytest.mark.parametrize("algorithm", ["sha512", "xxh3"])
def test_a_statement_has_no_other_hashes(model, algorithm):
    with pytest.raises(UsageError, match=f"knows no {algorithm}"):
        create_integrity_manifest(model, algorithm=algorithm, form="oms")


def test_what_a_statement_wants_to_be_left_out_counts_all_the_same(model):
    """Nobody vouches for a statement that is not signed: it must not hide files."""
    manifest = create_integrity_manifest(model, form="oms").path
    statement = json.loads(manifest.read_text())
    statement["predicate"]["serialization"]["ignore_paths"].append("evil.bin")
    manifest.write_text(json.dumps(statement))
    (model / "evil.bin").write_bytes(b"evil")
    assert _verdicts(verify_integrity_manifest(manifest)) == {"evil.bin": Verdict.EXTRA}


def test_a_statement_that_contradicts_itself_is_refused(model):
    manifest = create_integrity_manifest(model, form="oms").path
    statement = json.loads(manifest.read_text())
    statement["predicate"]["resources"].pop()
    manifest.write_text(json.dumps(statement))
    with pytest.raises(CheckpointError, match="the digest of the whole"):
        verify_integrity_manifest(manifest)


def test_a_form_that_there_is_not_is_told(model):
    with pytest.raises(UsageError, match="Use one of sha256sums, oms"):
        create_integrity_manifest(model, form="bagit")


DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "line",
    [
        *(f"{DIGEST}  ../a", f"{DIGEST}  /etc/passwd", f"{DIGEST}  a/../../b", f"{DIGEST}  .."),
        *(f"{DIGEST}  ./", f"SHA256 (../a) = {DIGEST}", f"\\{DIGEST}  ..\\\\..\\\\a"),
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(model, line):
    (model / "SHA256SUMS").write_text(f"{line}\n")
    with pytest.raises(UnsafeCheckpointError):
        verify_integrity_manifest(model / "SHA256SUMS")


def test_a_name_that_only_begins_like_the_folder_is_refused(model, tmp_path):
    (tmp_path / "model-evil").mkdir()
    (tmp_path / "model-evil" / "f").touch()
    (model / "SHA256SUMS").write_text(f"{DIGEST}  ../model-evil/f\n")
    with pytest.raises(UnsafeCheckpointError):
        verify_integrity_manifest(model / "SHA256SUMS")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no file"),
        ("# only a comment\n", "names no file"),
        ("hello\n", r"SHA256SUMS:1: this is no digest"),
        (f"{DIGEST}  a\nxyz  b\n", r"SHA256SUMS:2: this is no digest"),
        (f"{DIGEST[:8]}  a\n", "8 digits, which fit no algorithm"),
        (f"{DIGEST}  a\n{DIGEST}0000  b\n", "several kinds"),
        (f"{DIGEST}  a\n{'0' * 64}  a\n", "a second time"),
        (f"{DIGEST}  a\n{DIGEST}  A\n", "same name on some systems"),
        (f"\\{DIGEST}  a\\x\n", "an escape that is not known"),
        (f"CRC32 (a) = {DIGEST}\n", "CRC32 is not known"),
        (f"SHA512 (a) = {DIGEST}\n", "fit no algorithm"),
        (f"SHA256 (a) = {DIGEST}\nBLAKE3 (b) = {DIGEST}\n", "several kinds"),
        ("{" * 99999, "no statement"),
    ],
)
def test_what_is_no_manifest_is_told_with_the_line(model, text, message):
    (model / "SHA256SUMS").write_text(text)
    with pytest.raises(CheckpointError, match=message):
        verify_integrity_manifest(model / "SHA256SUMS")


@pytest.mark.parametrize("content", [b"\xff\xfe", f"{DIGEST}  a\xff".encode("latin-1")])
def test_a_manifest_that_is_no_text_is_told(model, content):
    (model / "SHA256SUMS").write_bytes(content)
    with pytest.raises(CheckpointError, match="UTF-8"):
        verify_integrity_manifest(model / "SHA256SUMS")


def test_a_manifest_is_not_read_from_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "SHA256SUMS")
    with pytest.raises(CheckpointError, match="FIFO"):
        verify_integrity_manifest(tmp_path / "SHA256SUMS")


def test_a_manifest_is_never_longer_than_some_hundred_megabytes(tmp_path):
    with (tmp_path / "SHA256SUMS").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CheckpointError, match="more than a manifest has"):
        verify_integrity_manifest(tmp_path / "SHA256SUMS")


def test_lines_that_windows_wrote_are_read(model, tmp_path):
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "empty.bin").touch()
    (folder / "SHA256SUMS").write_bytes(f"\ufeff# made there\r\n{DIGEST} *empty.bin\r\n".encode())
    assert [each.name for each in verify_integrity_manifest(folder / "SHA256SUMS")] == ["empty.bin"]


def test_a_file_that_the_manifest_covers_counts_whatever_it_is_called(tmp_path):
    (tmp_path / "model.sig").touch()
    (tmp_path / "SHA256SUMS").write_text(f"{DIGEST}  model.sig\n")
    (result,) = verify_integrity_manifest(tmp_path / "SHA256SUMS")
    assert result


def test_a_link_out_of_the_folder_is_refused(model, tmp_path):
    manifest = create_integrity_manifest(model)
    (tmp_path / "secret").write_bytes(b"\0" * 100)
    (model / "a.bin").unlink()
    (model / "a.bin").symlink_to("../secret")
    with pytest.raises(UnsafeCheckpointError, match="leads out"):
        verify_integrity_manifest(manifest)


def test_a_file_that_changes_meanwhile_is_not_judged(model):
    manifest = create_integrity_manifest(model)

    class Writing:
        def expected(self, name, _size):
            (model / name).write_bytes(b"other")

        def advanced(self, size): ...

    with pytest.raises(FileChangedError):
        verify_integrity_manifest(manifest, progress=Writing())


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1),
        st.binary(min_size=32, max_size=32).map(bytes.hex),
        min_size=1,
        max_size=1,
    )
)
def test_every_name_comes_back_from_its_line(tmp_path_factory, digests):
    path = tmp_path_factory.getbasetemp() / "SHA256SUMS"
    text = sha256sums.text_of(digests)
    assert text.count("\n") == 1
    try:
        found = sha256sums.parse(text.encode(), path)
    except UnsafeCheckpointError:
        return  # names that are refused, such as ..
    assert found == (algorithm_named("sha256"), digests)


def test_model_signing_verifies_a_statement_of_ours_once_it_is_signed(model, tmp_path):
    """Signed as it lies there, byte by byte."""
    pair = make_key_pair(tmp_path / "signer")
    key = load_private_key(pair.private)
    envelope = sign(create_integrity_manifest(model, form="oms").path.read_bytes(), key)
    signature = Bundle(envelope=envelope, hint=key_hint(key.public_key())).to_json()
    (tmp_path / "model.sig").write_bytes(signature)
    program = Path(sys.executable).with_name("model_signing")
    options = ("--signature", tmp_path / "model.sig", "--public_key", pair.public)
    command = [program, "verify", "key", model, *options]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    (model / "a.bin").write_bytes(b"other")
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
