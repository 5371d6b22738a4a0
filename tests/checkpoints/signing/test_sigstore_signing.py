"""Signing by identity, with Sigstore's real client against services of our own on the loopback interface."""

import json

import pytest
from local_sigstore import ISSUER, LocalSigstore

from repro_nb.checkpoints.signing.signing import sign_checkpoint, verify_signature
from repro_nb.checkpoints.signing.sigstore_signing import sign_keyless, verify_keyless
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.errors import SignatureError, UsageError

ME = "me@example.org"


@pytest.fixture(scope="module")
def sigstore():
    """The services."""
    with LocalSigstore() as services:
        yield services


@pytest.fixture(scope="module")
def config(sigstore, tmp_path_factory):
    """The file that names them."""
    path = tmp_path_factory.mktemp("sigstore") / "trust.json"
    path.write_text(sigstore.trust_config())
    return path


@pytest.fixture
def signed(sigstore, config, model):
    """A checkpoint that I signed."""
    sign_keyless(model, identity_token=sigstore.token(ME), trust_config=config)
    return model


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Whatever goes to a network meets a port that nobody listens at; no keys are kept from before."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_what_i_signed_verifies_as_mine(signed, config):
    found = verify_keyless(signed, ME, ISSUER, trust_config=config)
    assert found, found.reason


def test_model_signing_accepts_it(signed, config, model_signing):
    done = model_signing(
        *("verify", "sigstore", signed, "--signature", signed / "model.sig"),
        *("--identity", ME, "--identity_provider", ISSUER, "--trust_config", config),
    )
    assert done.returncode == 0, done.stderr


def test_what_model_signing_signed_verifies(sigstore, config, model, model_signing):
    done = model_signing(
        *("sign", "sigstore", model, "--signature", model / "model.sig"),
        *("--identity_token", sigstore.token(ME), "--trust_config", config),
    )
    assert done.returncode == 0, done.stderr
    assert verify_keyless(model, ME, ISSUER, trust_config=config)


@pytest.mark.parametrize(
    ("who", "issuer"), [("you@example.org", ISSUER), (ME, "https://login.example.com")]
)
def test_somebody_else_did_not_sign_it(signed, config, who, issuer):
    """The identity and who vouches for it are both part of the answer."""
    found = verify_keyless(signed, who, issuer, trust_config=config)
    assert found.verdict is Verdict.MISMATCH
    assert who in found.reason


def test_a_file_that_differs_is_named(signed, config):
    (signed / "weights.bin").write_bytes(b"other")
    found = verify_keyless(signed, ME, ISSUER, trust_config=config)
    assert [each.file for each in found.damage] == ["weights.bin"]


def test_an_altered_statement_does_not_verify(signed, config):
    path = signed / "model.sig"
    content = json.loads(path.read_text())
    content["dsseEnvelope"]["payload"] = "e30="
    path.write_text(json.dumps(content))
    assert not verify_keyless(signed, ME, ISSUER, trust_config=config)


def test_another_sigstore_is_not_trusted(signed, tmp_path):
    """Anyone can run these services; only those that one trusts count."""
    stranger = LocalSigstore()
    stranger.server.server_close()
    (tmp_path / "trust.json").write_text(stranger.trust_config())
    found = verify_keyless(signed, ME, ISSUER, trust_config=tmp_path / "trust.json")
    assert found.verdict is Verdict.MISMATCH


def test_a_refusal_by_the_authority_is_told(sigstore, config, model):
    token = sigstore.token("nobody@example.org")
    with pytest.raises(SignatureError, match=r"(?s)403.*--key"):
        sign_keyless(model, identity_token=token, trust_config=config)
    assert not (model / "model.sig").exists()


@pytest.mark.parametrize("token", ["garbage", "a.b.c"])
def test_a_token_that_is_none_is_told(config, model, token):
    with pytest.raises(SignatureError, match="malformed"):
        sign_keyless(model, identity_token=token, trust_config=config)


def test_without_a_network_signing_says_what_to_do(model, no_network):
    with pytest.raises(SignatureError, match=r"(?s)could not be used.*checkpoint sign PATH --key"):
        sign_keyless(model, identity_token="x")


def test_without_a_network_verifying_says_what_to_do(signed, no_network):
    with pytest.raises(SignatureError, match=r"(?s)could not be used.*--offline"):
        verify_keyless(signed, ME, ISSUER)


def test_offline_the_public_keys_that_came_with_sigstore_are_taken(signed, no_network):
    """They do not know our services: a verdict, and no error."""
    found = verify_keyless(signed, ME, ISSUER, offline=True)
    assert found.verdict is Verdict.MISMATCH


def test_each_kind_of_signature_sends_to_its_own_option(signed, config, keys):
    with pytest.raises(SignatureError, match="--identity"):
        verify_signature(signed, keys.public)
    sign_checkpoint(signed, keys.private)
    with pytest.raises(SignatureError, match="--key"):
        verify_keyless(signed, ME, ISSUER, trust_config=config)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"mediaType": 1}']
)
def test_a_signature_that_is_none_is_refused(model, config, content):
    (model / "model.sig").write_bytes(content)
    with pytest.raises(SignatureError, match="no signature"):
        verify_keyless(model, ME, ISSUER, trust_config=config)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_trust_configuration_that_is_none_is_refused(signed, tmp_path, content):
    (tmp_path / "trust.json").write_bytes(content)
    with pytest.raises(SignatureError, match="no trust configuration"):
        verify_keyless(signed, ME, ISSUER, trust_config=tmp_path / "trust.json")


@pytest.mark.parametrize(("who", "issuer"), [("", ISSUER), (ME, "")])
def test_an_identity_without_its_issuer_proves_nothing(signed, who, issuer):
    with pytest.raises(UsageError, match="issuer"):
        verify_keyless(signed, who, issuer)
