"""Bundles written by strangers: read strictly, and never with more memory than the file is long."""

import contextlib
import json
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.checkpoints.signing.bundle import LIMIT, MEDIA_TYPE, read_bundle
from repro_nb.checkpoints.signing.reading import decode_base64, parse_json
from repro_nb.errors import SignatureError

GOOD = {
    "mediaType": MEDIA_TYPE,
    "verificationMaterial": {"publicKey": {"hint": "ab"}, "tlogEntries": []},
    "dsseEnvelope": {
        "payload": "e30=",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": "AAAA", "keyid": ""}],
    },
}


def without(path):
    """A bundle that lacks one field."""
    content = json.loads(json.dumps(GOOD))
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return content


def changed(**envelope):
    """A bundle with other fields in its envelope."""
    return {**GOOD, "dsseEnvelope": {**GOOD["dsseEnvelope"], **envelope}}


def test_a_good_bundle_is_read(tmp_path):
    (tmp_path / "sig").write_text(json.dumps(GOOD))
    bundle = read_bundle(tmp_path / "sig")
    assert (bundle.envelope.payload, bundle.envelope.signature, bundle.hint) == (
        b"{}",
        b"\0\0\0",
        "ab",
    )


BAD = {
    "another media type": {**GOOD, "mediaType": "text/plain"},
    "no envelope": without(["dsseEnvelope"]),
    "no payload": without(["dsseEnvelope", "payload"]),
    "no material": without(["verificationMaterial"]),
    "another payload type": changed(payloadType="text/plain"),
    "no signature": changed(signatures=[]),
    "two signatures": changed(signatures=[{"sig": "AAAA"}, {"sig": "AAAA"}]),
    "signatures that are none": changed(signatures={"0": 1}),
    "payload that is no base64": changed(payload="e3 0="),
    "payload that is no text": changed(payload=["e30="]),
    "hint that is no text": {**GOOD, "verificationMaterial": {"publicKey": {"hint": [1]}}},
    "key that is none": {**GOOD, "verificationMaterial": {"publicKey": None}},
    "a list": [GOOD],
    "a number": 1,
    "nothing": None,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_bundle_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "sig").write_text(json.dumps(content))
    with pytest.raises(SignatureError, match="no signature") as caught:
        read_bundle(tmp_path / "sig")
    assert caught.value.where == str(tmp_path / "sig")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        b"[" * 200_000,
        b'{"mediaType": NaN}',
        b'{"mediaType": ' + b"9" * 5000 + b"}",
        json.dumps(GOOD).replace('"payload"', '"payload": "AAAA", "payload"').encode(),
    ],
    ids=["empty", "no UTF-8", "nested", "NaN", "a long number", "a key twice"],
)
def test_text_that_readers_could_disagree_about_is_refused(tmp_path, content):
    (tmp_path / "sig").write_bytes(content)
    with pytest.raises(SignatureError, match="no signature"):
        read_bundle(tmp_path / "sig")


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "sig").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(SignatureError, match="more than"):
        read_bundle(tmp_path / "sig")


def test_a_signature_with_a_certificate_is_sent_to_the_right_option(tmp_path):
    content = {**GOOD, "verificationMaterial": {"certificate": {"rawBytes": "AAAA"}}}
    (tmp_path / "sig").write_text(json.dumps(content))
    with pytest.raises(SignatureError, match="--identity"):
        read_bundle(tmp_path / "sig")


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(content):
    """Whatever is in the file, there is a value or a ValueError."""
    with contextlib.suppress(ValueError):
        parse_json(content)


@given(st.text("AQZg/+-_= \n", max_size=8))
def test_base64_is_read_as_it_is_written_or_refused(text):
    """No two spellings stand for the same bytes."""
    try:
        content = decode_base64(text)
    except ValueError:
        return
    assert b64encode(content).decode() == text
