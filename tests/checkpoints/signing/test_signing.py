"""Signing with a key: what `model_signing` accepts, what it made, and every way to be wrong."""

import base64
import json
import shutil

import pytest

from repro_nb.checkpoints.signing.bundle import read_bundle
from repro_nb.checkpoints.signing.keys import make_key_pair
from repro_nb.checkpoints.signing.signing import sign_checkpoint, verify_signature
from repro_nb.checkpoints.verdicts import Damage, Verdict
from repro_nb.errors import CheckpointError, SignatureError, UnsafeCheckpointError


def edited(path, change):
    """Rewrites the bundle at `path` after `change` was made to it."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_model_signing_accepts_our_signature_of_a_folder(model, keys, model_signing):
    signature = sign_checkpoint(model, keys.private)
    assert signature == model / "model.sig"
    options = ("--public_key", keys.public, "--signature", signature)
    done = model_signing("verify", "key", model, *options)
    assert done.returncode == 0, done.stderr
    (model / "weights.bin").write_bytes(b"other")
    assert model_signing("verify", "key", model, *options).returncode == 1


def test_model_signing_accepts_our_signature_of_a_file(model, keys, model_signing):
    path = model / "weights.bin"
    signature = sign_checkpoint(path, keys.private)
    assert signature == model / "weights.bin.sig"
    done = model_signing(
        "verify", "key", path, "--public_key", keys.public, "--signature", signature
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["", "weights.bin"], ids=["folder", "file"])
def test_we_accept_what_model_signing_signed(model, keys, model_signing, what):
    signature = model / "model.sig"
    made = ("--private_key", keys.private, "--signature", signature)
    done = model_signing("sign", "key", model / what, *made)
    assert done.returncode == 0, done.stderr
    found = verify_signature(model / what, keys.public, signature)
    assert found, found.reason
    assert found.actual == found.expected


def test_files_of_git_are_left_out_as_model_signing_does(model, keys, model_signing):
    """A folder cloned from a hub has some; what is not covered is told."""
    (model / ".gitattributes").write_text("*.bin lfs")
    (model / ".git").mkdir()
    (model / ".git" / "HEAD").write_text("ref")
    signature = sign_checkpoint(model, keys.private)
    found = verify_signature(model, keys.public)
    assert found
    assert found.reason.endswith("not covered: .git, .gitattributes")
    options = ("--public_key", keys.public, "--signature", signature)
    assert model_signing("verify", "key", model, *options).returncode == 0


@pytest.mark.parametrize("curve", ["secp384r1", "secp521r1"])
def test_longer_keys_agree_with_model_signing(model, tmp_path, model_signing, curve):
    """The hash that goes with the curve is the one that the other program takes."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(getattr(ec, curve.upper())())
    pem = serialization.Encoding.PEM
    private, public = tmp_path / "key", tmp_path / "key.pub"
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(pem, form))
    signature = sign_checkpoint(model, private)
    assert verify_signature(model, public)
    options = ("--public_key", public, "--signature", signature)
    assert model_signing("verify", "key", model, *options).returncode == 0


def test_a_signature_may_lie_elsewhere(model, keys, tmp_path):
    signature = sign_checkpoint(model, keys.private, tmp_path / "signatures.json")
    assert verify_signature(model, keys.public, signature)
    assert not (model / "model.sig").exists()


def test_a_signature_of_another_name_inside_is_no_part_of_the_folder(model, keys):
    signature = sign_checkpoint(model, keys.private, model / "sub" / "ours.sig")
    assert verify_signature(model, keys.public, signature)


def test_a_copy_elsewhere_verifies(model, keys, tmp_path):
    """Neither the folder's name nor its place is signed."""
    sign_checkpoint(model, keys.private)
    copy = shutil.copytree(model, tmp_path / "another name")
    assert verify_signature(copy, keys.public)


def test_each_file_that_differs_is_named(model, keys):
    sign_checkpoint(model, keys.private)
    (model / "weights.bin").write_bytes(b"other")
    (model / "empty.txt").unlink()
    (model / "added.py").touch()
    found = verify_signature(model, keys.public)
    assert found.verdict is Verdict.MISMATCH
    assert found.damage == (
        Damage(file="added.py", verdict=Verdict.EXTRA),
        Damage(file="empty.txt", verdict=Verdict.MISSING),
        Damage(file="weights.bin", verdict=Verdict.MISMATCH),
    )
    assert found.expected != found.actual


def test_a_file_that_was_added_is_found(model, keys):
    """Weights that are as signed prove nothing about the code that was put beside them."""
    sign_checkpoint(model, keys.private)
    (model / "sub" / "modeling.py").touch()
    found = verify_signature(model, keys.public)
    assert found.verdict is Verdict.EXTRA
    assert not found


def test_every_flipped_bit_of_a_signature_is_found(model, keys):
    """In the payload or in the signature itself: none verifies, and none crashes."""
    path = sign_checkpoint(model, keys.private)
    bundle = read_bundle(path)
    for field in ("payload", "signature"):
        content = getattr(bundle.envelope, field)
        for bit in range(0, 8 * len(content), 61):
            altered = bytearray(content)
            altered[bit // 8] ^= 1 << bit % 8
            edited(path, lambda it, b=bytes(altered), f=field: put(it["dsseEnvelope"], f, b))
            assert not verify_signature(model, keys.public)
        edited(path, lambda it, b=content, f=field: put(it["dsseEnvelope"], f, b))
    assert verify_signature(model, keys.public)


def put(envelope, field, content):
    """Puts other bytes into an envelope."""
    text = base64.b64encode(content).decode()
    if field == "payload":
        envelope["payload"] = text
    else:
        envelope["signatures"][0]["sig"] = text


def test_another_key_does_not_verify(model, keys, other_keys):
    sign_checkpoint(model, keys.private)
    found = verify_signature(model, other_keys.public)
    assert found.verdict is Verdict.MISMATCH
    assert "another key" in found.reason


def test_the_hint_proves_nothing(model, keys, other_keys):
    """Who signs with his own key and writes the other one's hint into the bundle gains nothing."""
    hint = read_bundle(sign_checkpoint(model, keys.private)).hint
    path = sign_checkpoint(model, other_keys.private)
    edited(path, lambda it: it["verificationMaterial"]["publicKey"].update(hint=hint))
    found = verify_signature(model, keys.public)
    assert not found
    assert "altered" in found.reason


def test_a_signature_of_another_checkpoint_does_not_verify(model, keys, tmp_path):
    """A good signature, moved beside other files."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "weights.bin").write_bytes(b"evil")
    shutil.copy(sign_checkpoint(model, keys.private), other / "model.sig")
    assert not verify_signature(other, keys.public)


def test_signing_again_replaces_the_signature(model, keys, other_keys):
    sign_checkpoint(model, keys.private)
    sign_checkpoint(model, other_keys.private)
    assert verify_signature(model, other_keys.public)
    assert sorted(each.name for each in model.iterdir() if each.is_file()) == [
        "empty.txt",
        "model.sig",
        "weights.bin",
    ]


@pytest.mark.parametrize("name", ["weights.bin", "empty.txt", "."])
def test_nothing_but_a_signature_is_overwritten(model, keys, name):
    """A slip in the command line must not cost the weights."""
    before = (model / "weights.bin").read_bytes()
    with pytest.raises(SignatureError, match="not overwritten"):
        sign_checkpoint(model, keys.private, model / name)
    assert (model / "weights.bin").read_bytes() == before


def test_what_cannot_be_signed_is_told_before_anything_is_written(model, keys, tmp_path):
    """A link out of the folder; no file at all; no checkpoint at all."""
    (model / "link").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeCheckpointError, match="leads out"):
        sign_checkpoint(model, keys.private)
    (tmp_path / "bare").mkdir()
    with pytest.raises(CheckpointError, match="no file"):
        sign_checkpoint(tmp_path / "bare", keys.private)
    with pytest.raises(CheckpointError, match="no such file"):
        sign_checkpoint(tmp_path / "nothing", keys.private)
    assert not (model / "model.sig").exists()


def test_a_missing_signature_is_told(model, keys):
    with pytest.raises(SignatureError, match="no such file"):
        verify_signature(model, keys.public)


def test_an_encrypted_key_signs_with_its_passphrase(model, tmp_path):
    pair = make_key_pair(tmp_path / "key", passphrase="open sesame")
    with pytest.raises(SignatureError, match="encrypted"):
        sign_checkpoint(model, pair.private)
    sign_checkpoint(model, pair.private, passphrase="open sesame")
    assert verify_signature(model, pair.public)


def test_a_signature_that_cannot_be_written_is_told(model, keys, tmp_path):
    with pytest.raises(SignatureError, match="cannot be written"):
        sign_checkpoint(model, keys.private, tmp_path / "nowhere" / "model.sig")
