"""`repro-nb checkpoint keygen`, `sign` and `verify-signature`, as a user runs them."""

import hashlib
import json
import os
import pty
import subprocess
import sys

import pytest

PASSPHRASE = "REPRO_NB_PASSPHRASE"


@pytest.fixture
def repro_nb(tmp_path, process_environment):
    """Runs ``repro-nb checkpoint`` with further variables in its surroundings."""

    def run(*arguments, **variables):
        command = [sys.executable, "-m", "repro_nb", "checkpoint", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**process_environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def model(tmp_path):
    """A folder to sign."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    return folder


def test_from_a_key_to_a_verdict(repro_nb, model):
    """Each step says what it did, and where."""
    made = repro_nb("keygen", "key", "--unencrypted")
    assert made.returncode == 0, made.stderr
    assert "keep it secret" in made.stdout
    assert "no passphrase" in made.stdout
    signed = repro_nb("sign", "model", "--key", "key")
    assert (signed.returncode, signed.stdout) == (0, "model: signed, model/model.sig\n")
    good = repro_nb("verify-signature", "model", "--key", "key.pub")
    assert good.returncode == 0
    verdict, signer = good.stdout.splitlines()
    assert verdict == "ok  model: the signature is good, and covers 1 file"
    digest = hashlib.sha256((model.parent / "key.pub").read_bytes()).hexdigest()
    assert signer == f"  signed by the owner of the key sha256:{digest}"
    (model / "weights.bin").write_bytes(b"other")
    bad = repro_nb("verify-signature", "model", "--key", "key.pub")
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[2].split() == ["mismatch", "weights.bin"]


def test_json_is_all_that_goes_to_standard_output(repro_nb, model):
    made = repro_nb("keygen", "key", "--unencrypted", "--json")
    assert json.loads(made.stdout)["results"][0]["encrypted"] is False
    signed = json.loads(repro_nb("sign", "model", "--key", "key", "--json").stdout)
    assert signed["schema"] == "repro_nb/checkpoint-sign/1"
    (model / "added.py").touch()
    found = json.loads(repro_nb("verify-signature", "model", "--key", "key.pub", "--json").stdout)
    assert found["schema"] == "repro_nb/checkpoint-verify-signature/1"
    (result,) = found["results"]
    assert (result["status"], result["verdict"]) == ("failed", "extra")
    assert result["damage"] == [{"file": "added.py", "verdict": "extra"}]


def test_the_passphrase_comes_from_the_environment(repro_nb, model, tmp_path):
    """So that a CI system can sign; without it, the error says where it is looked for."""
    repro_nb("keygen", "key", **{PASSPHRASE: "open sesame"})
    assert "ENCRYPTED" in (tmp_path / "key").read_text()
    refused = repro_nb("sign", "model", "--key", "key")
    assert refused.returncode == 2
    assert PASSPHRASE in refused.stderr
    assert "Traceback" not in refused.stderr
    assert repro_nb("sign", "model", "--key", "key", **{PASSPHRASE: "open sesame"}).returncode == 0


def test_the_passphrase_is_asked_for_and_not_shown(repro_nb, model, tmp_path, process_environment):
    """On a terminal."""
    repro_nb("keygen", "key", **{PASSPHRASE: "open sesame"})
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "repro_nb", "checkpoint", "sign", "model", "--key", "key"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=process_environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while b"Passphrase" not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, b"open sesame\n")
        seen += rest_of(ours)
    assert process.returncode == 0, seen
    assert b"open sesame" not in seen
    assert (model / "model.sig").exists()


def rest_of(terminal):
    """What is written to a terminal until nobody is left to write."""
    pieces = []
    while True:
        try:
            pieces.append(os.read(terminal, 1024))
        except OSError:  # how Linux tells that
            os.close(terminal)
            return b"".join(pieces)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sign", "model"], "--key and --keyless"),
        (["sign", "model", "--key", "key", "--keyless"], "--key and --keyless"),
        (["sign", "model", "--key", "key", "--trust-config", "key"], "--keyless"),
        (["sign", "nothing", "--key", "key"], "does not exist"),
        (["sign", "model", "--key", "key.pub"], "no key"),
        (["sign", "model", "--key", "key", "--signature", "key"], "not overwritten"),
        (["keygen", "key", "--unencrypted"], "never overwritten"),
        (["keygen", "another"], "--unencrypted"),
        (["keygen", ""], "the path is empty"),
        (["sign", "", "--key", "key"], "the path is empty"),
        (["sign", "https://host/model.pt", "--key", "key"], "local files alone"),
        (["verify-signature", "s3://bucket/model", "--key", "key.pub"], "local files alone"),
        (["verify-signature", "model"], "--issuer"),
        (["verify-signature", "model", "--identity", "me"], "--issuer"),
        (["verify-signature", "model", "--key", "key.pub", "--offline"], "--identity"),
        (["verify-signature", "model", "--key", "key"], "private key"),
        (["verify-signature", "model", "--key", "key.pub"], "no such file"),
    ],
)
def test_what_cannot_be_done_says_why(repro_nb, model, arguments, message):
    """With the exit code of a usage error, and no traceback."""
    repro_nb("keygen", "key", "--unencrypted")
    done = repro_nb(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_without_a_passphrase_must_be_asked_for(repro_nb, tmp_path):
    """Where nobody can type one, no key is written by oversight."""
    refused = repro_nb("keygen", "key")
    assert refused.returncode == 2
    assert PASSPHRASE in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_names_cannot_steer_the_terminal(repro_nb, model):
    """A file name in a folder from a stranger may hold anything."""
    repro_nb("keygen", "key", "--unencrypted")
    repro_nb("sign", "model", "--key", "key")
    (model / "\x1b[2J\u202einnocent").touch()
    done = repro_nb("verify-signature", "model", "--key", "key.pub")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert r"\x1b[2J\u202einnocent" in done.stdout


def test_without_a_network_signing_by_identity_names_the_other_way(repro_nb, model, tmp_path):
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9")
    own = {
        "XDG_DATA_HOME": str(tmp_path / "d"),
        "XDG_CACHE_HOME": str(tmp_path / "c"),
        "NO_PROXY": "",
    }
    done = repro_nb("sign", "model", "--keyless", **nowhere, **own)
    assert done.returncode == 2
    assert "--key KEY" in done.stderr
    assert "Traceback" not in done.stderr
