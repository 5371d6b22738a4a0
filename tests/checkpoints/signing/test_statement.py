"""What is signed: the form that others read, and statements that must not be believed even when they are signed."""

import hashlib
import json

import pytest

from repro_nb.checkpoints.signing.statement import Statement, parse_statement
from repro_nb.errors import SignatureError

DIGEST = "ab" * 32
GOOD = Statement(
    subject="model", algorithm="sha256", digests={"b": DIGEST, "a/ü": "cd" * 32}, left_out=(".git",)
)


def statement(*resources, **serialization):
    """A signed statement with these files and settings; its root is that of the files."""
    content = json.loads(GOOD.to_json())
    content["predicate"]["serialization"].update(serialization)
    if resources:
        content["predicate"]["resources"] = list(resources)
        try:
            joined = b"".join(bytes.fromhex(each["digest"]) for each in resources)
        except (ValueError, TypeError, KeyError):
            joined = b""
        content["subject"][0]["digest"]["sha256"] = hashlib.sha256(joined).hexdigest()
    return content


def file(name, digest=DIGEST, algorithm="sha256"):
    """A file in a statement."""
    return {"name": name, "digest": digest, "algorithm": algorithm}


def test_a_statement_comes_back_as_it_was():
    assert parse_statement(GOOD.to_json()) == GOOD
    assert GOOD.to_json() == GOOD.to_json()


def test_files_stand_in_the_order_of_code_points():
    """The rule of model signing 1.0; the root digest depends on it."""
    names = [each["name"] for each in json.loads(GOOD.to_json())["predicate"]["resources"]]
    assert names == ["a/ü", "b"]


@pytest.mark.parametrize(
    "name",
    ["../up", "/etc/passwd", "a/../../b", "C:\\x", "..\\x", "", "a//b", "a\0b", "./a", "a/"],
)
def test_a_name_that_leads_out_is_refused(name):
    """A signature says who is to blame; it makes no name safe."""
    with pytest.raises(SignatureError, match="cannot be checked"):
        parse_statement(json.dumps(statement(file(name))).encode())
    with pytest.raises(SignatureError, match="cannot be checked"):
        parse_statement(json.dumps(statement(ignore_paths=[name])).encode())


BAD = {
    "another root": {**statement(), "subject": [{"name": "m", "digest": {"sha256": DIGEST}}]},
    "no subject": {**statement(), "subject": []},
    "two subjects": {**statement(), "subject": statement()["subject"] * 2},
    "another type": {**statement(), "_type": "https://in-toto.io/Statement/v0.1"},
    "another predicate": {**statement(), "predicateType": "https://slsa.dev/provenance/v1"},
    "of version 0": {**statement(), "predicateType": "https://model_signing/Digests/v0.1"},
    "no predicate": {**statement(), "predicate": None},
    "no file": {**statement(), "predicate": {**statement()["predicate"], "resources": []}},
    "a file twice": statement(file("a"), file("a")),
    "a short digest": statement(file("a", "ab")),
    "a digest that is none": statement(file("a", "zz" * 32)),
    "a digest with blanks": statement(file("a", "ab " * 21 + "a")),
    "a digest that is no text": statement(file("a", 7)),
    "a name that is no text": statement(file(["a"])),
    "mixed hashes": statement(file("a"), file("b", algorithm="md5")),
    "a weak hash": statement(file("a", "ab" * 16, "md5"), hash_type="md5"),
    "shards": statement(method="shards"),
    "followed links": statement(allow_symlinks=True),
    "followed links, as text": statement(allow_symlinks="false"),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_statement_that_is_none_is_refused(content):
    with pytest.raises(SignatureError, match="no statement"):
        parse_statement(json.dumps(content).encode())


def test_names_that_are_one_on_some_systems_are_refused():
    with pytest.raises(SignatureError, match="same name"):
        parse_statement(json.dumps(statement(file("Model.bin"), file("model.bin"))).encode())


@pytest.mark.parametrize("algorithm", ["blake2b", "blake3"])
def test_other_hashes_of_model_signing_are_known(algorithm):
    digest = "ab" * (64 if algorithm == "blake2b" else 32)
    content = statement(file("a", digest, algorithm), hash_type=algorithm)
    assert parse_statement(json.dumps(content).encode()).digests == {"a": digest}
