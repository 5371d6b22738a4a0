"""Key pairs: made so that nobody else can read them, and refused with a reason where they cannot be used."""

import os
import subprocess
import sys

import pytest

from repro_nb.checkpoints.signing.keys import (
    load_private_key,
    load_public_key,
    make_key_pair,
    needs_passphrase,
)
from repro_nb.errors import SignatureError, UsageError


def openssl(*arguments):
    """What ``openssl`` prints."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True)
    return done.stdout


def test_a_private_key_is_for_its_owner_alone(tmp_path):
    """Whatever the umask, nobody else can read it; the public one is for everyone."""
    before = os.umask(0)
    try:
        pair = make_key_pair(tmp_path / "key")
    finally:
        os.umask(before)
    assert pair.private.stat().st_mode & 0o777 == 0o600
    assert pair.public == tmp_path / "key.pub"
    assert load_private_key(pair.private).public_key() == load_public_key(pair.public)


@pytest.mark.parametrize("taken", ["key", "key.pub"])
def test_no_key_is_overwritten(tmp_path, taken):
    """Where one of the two files exists, both stay as they are."""
    (tmp_path / taken).write_text("mine")
    with pytest.raises(SignatureError, match="never overwritten"):
        make_key_pair(tmp_path / "key")
    assert [each.name for each in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_a_key_is_not_written_through_a_link(tmp_path):
    """A link that somebody laid in the way would lead the private key elsewhere."""
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SignatureError, match="never overwritten"):
        make_key_pair(tmp_path / "key")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SignatureError, match="cannot be written"):
        make_key_pair(tmp_path / "nowhere" / "key")


def test_a_passphrase_protects_the_key(tmp_path):
    """Without it, or with another, the key is of no use; what is wrong is told."""
    pair = make_key_pair(tmp_path / "key", passphrase="open sesame")
    assert needs_passphrase(pair.private)
    assert b"ENCRYPTED" in pair.private.read_bytes()
    with pytest.raises(SignatureError, match=r"(?s)encrypted.*REPRO_NB_PASSPHRASE"):
        load_private_key(pair.private)
    with pytest.raises(SignatureError, match="cannot be decrypted"):
        load_private_key(pair.private, "open says me")
    assert load_private_key(pair.private, "open sesame").key_size == 256


def test_an_empty_passphrase_is_refused(tmp_path):
    with pytest.raises(UsageError, match="protects nothing"):
        make_key_pair(tmp_path / "key", passphrase="")


def test_a_passphrase_that_is_not_needed_does_no_harm(keys):
    assert not needs_passphrase(keys.private)
    assert load_private_key(keys.private, "from the environment").key_size == 256


@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1", "secp521r1"])
def test_keys_of_openssl_are_taken(tmp_path, curve):
    """Keys that users have already, in openssl's own form with the curve's parameters before."""
    private, public = tmp_path / "key", tmp_path / "key.pub"
    openssl("ecparam", "-name", curve, "-genkey", "-out", private)
    openssl("ec", "-in", private, "-pubout", "-out", public)
    assert load_private_key(private).public_key() == load_public_key(public)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("-algorithm", "ED25519"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
    ],
    ids=["rsa", "ed25519", "secp256k1"],
)
def test_other_kinds_of_keys_are_refused(tmp_path, arguments):
    """A signature by one of them could not be verified by `model_signing`."""
    private, public = tmp_path / "key", tmp_path / "key.pub"
    openssl("genpkey", *arguments, "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    with pytest.raises(SignatureError, match="P-256"):
        load_private_key(private)
    with pytest.raises(SignatureError, match="P-256"):
        load_public_key(public)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02garbage", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"]
)
def test_a_file_that_is_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    for load in (load_private_key, load_public_key, needs_passphrase):
        with pytest.raises(SignatureError, match="no key"):
            load(tmp_path / "key")


def test_a_private_key_given_as_the_public_one_is_told(keys):
    """It is likely a slip, and one that should not become a habit."""
    with pytest.raises(SignatureError, match=r"(?s)private key.*\.pub"):
        load_public_key(keys.private)


def test_a_file_too_long_for_a_key_is_not_read(tmp_path):
    """Such as a checkpoint that was given in the key's place."""
    with (tmp_path / "key").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SignatureError, match="more than"):
        load_public_key(tmp_path / "key")


def test_a_fifo_is_no_key(tmp_path):
    """Reading it would wait for ever."""
    os.mkfifo(tmp_path / "key")
    with pytest.raises(SignatureError, match="FIFO"):
        load_private_key(tmp_path / "key")


def test_without_the_package_the_error_is_the_manual(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ec", None)
    with pytest.raises(UsageError, match=r'(?s)cryptography.*pip install "repro_nb\[sign\]"'):
        make_key_pair(tmp_path / "key")
    assert not list(tmp_path.iterdir())


def test_importing_costs_none_of_the_extras():
    """They are imported when something is signed or fetched."""
    code = """
import sys
import repro_nb.checkpoints.signing.signing, repro_nb.checkpoints.signing.sigstore_signing
import repro_nb.checkpoints.remote, repro_nb.checkpoints.remote_measuring
print(sorted({"cryptography", "sigstore", "fsspec", "aiohttp", "numpy", "torch"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
