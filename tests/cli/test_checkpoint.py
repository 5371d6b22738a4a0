"""``repro-nb checkpoint``: the registry from the command line."""

import hashlib
import json

import numpy as np
import pytest


@pytest.fixture
def project(tmp_path):
    """A folder with two checkpoints, one of them a folder."""
    folder = tmp_path / "models"
    (folder / "sharded").mkdir(parents=True)
    np.savez(folder / "model.npz", weight=np.arange(6.0), bias=np.ones(3))
    (folder / "sharded/one.bin").write_bytes(b"1" * 1000)
    (folder / "sharded/two.bin").write_bytes(b"2" * 1000)
    return folder


@pytest.fixture
def registered(cli, project):
    """The same, registered."""
    done = cli("checkpoint", "register", "models/model.npz", "models/sharded")
    assert done.returncode == 0, done.stderr
    return project


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_registering_prints_what_the_standard_tool_would(cli, project):
    """Digest and name, a line each; and the registry lies beside the checkpoint."""
    done = cli(
        "checkpoint",
        "register",
        "models/model.npz",
        "--note",
        "x",
        "--set",
        "epoch=3",
        "--set",
        "tag=a=b",
    )
    assert done.returncode == 0, done.stderr
    digest = hashlib.sha256((project / "model.npz").read_bytes()).hexdigest()
    assert done.stdout == f"sha256:{digest}  model.npz\n"
    (line,) = (project / "checkpoints.repro.jsonl").read_text().splitlines()
    assert json.loads(line)["metadata"] == {"epoch": 3, "tag": "a=b"}


def test_the_nearest_registry_above_is_used(cli, registered):
    """Else a second one would arise in each folder."""
    (registered / "deep").mkdir()
    (registered / "deep/new.bin").write_bytes(b"new")
    done = cli("checkpoint", "register", "models/deep/new.bin")
    assert done.stdout.endswith("  deep/new.bin\n")
    assert not (registered / "deep/checkpoints.repro.jsonl").exists()


def test_what_is_whole_verifies(run, registered):
    """Exit 0; by folder, by name, and from within."""
    cases = (
        (("models",), registered.parent),
        ((), registered),
        (("model.npz", "sharded"), registered),
    )
    for words, cwd in cases:
        done = run("checkpoint", "verify", *words, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "2 checkpoints verified: all bytes are as registered" in done.stdout


def test_damage_is_told_with_its_place(cli, registered):
    """Exit 1, and the file, bytes and tensor that differ."""
    flip(registered / "sharded/two.bin", 5)
    flip(registered / "model.npz", 200)
    done = cli("checkpoint", "verify", "models")
    assert done.returncode == 1
    assert "two.bin differs" in done.stdout
    assert "weight" in done.stdout or "bias" in done.stdout
    assert "0 of 2 checkpoints verified; 2 mismatch" in done.stdout


def test_json_is_all_that_is_printed(cli, registered):
    """The envelope of each verb."""
    flip(registered / "sharded/two.bin", 5)
    for verb, words, code in (
        ("verify", ("models",), 1),
        ("list", ("models",), 0),
        ("log", ("models/model.npz",), 0),
        ("register", ("models/model.npz",), 0),
        ("report", ("report.md", "models"), 1),
        ("remove", ("models/model.npz",), 0),
    ):
        done = cli("checkpoint", verb, *words, "--json")
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout)["schema"] == f"repro_nb/checkpoint-{verb}/1"


def test_nothing_registered_is_no_pass(cli, project):
    """Exit 2: nothing was verified."""
    done = cli("checkpoint", "verify", "models")
    assert done.returncode == 2
    assert "Register" in done.stderr
    (project / "checkpoints.repro.jsonl").write_text("")
    assert cli("checkpoint", "verify", "models").returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "nowhere/model.npz"),
        ("list", "nowhere"),
        ("log", "models/never.bin"),
        ("remove", "models/never.bin"),
        ("register", "models/never.bin"),
        ("register", "models/model.npz", "--algorithm", "crc32"),
        ("register", "models/model.npz", "--set", "x"),
        ("register", "models/model.npz", "--parent", "models/never.bin"),
        ("report", "report.pdf", "models"),
        ("verify", "models", "--html", "models/x.ipynb"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cli, registered, words):
    """Exit 2, nothing on standard output, no traceback, and no folder made."""
    done = cli("checkpoint", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not (registered.parent / "nowhere").exists()


def test_trusted_checkpoints_are_told_as_not_verified(cli, registered):
    """Exit 0, since the user chose so, and no claim."""
    done = cli("checkpoint", "verify", "models", "--trust-mtime")
    assert done.returncode == 0
    assert "0 of 2 checkpoints verified; 2 skipped" in done.stdout
    results = json.loads(cli("checkpoint", "verify", "models", "--trust-mtime", "--json").stdout)
    assert {each["status"] for each in results["results"]} == {"skipped"}


def test_reports_are_written(cli, registered):
    """HTML and Markdown beside the text, and by `report`."""
    done = cli("checkpoint", "verify", "models", "--html", "a.html", "--markdown", "a.md")
    assert done.returncode == 0, done.stderr
    assert cli("checkpoint", "report", "b.html", "models").returncode == 0
    folder = registered.parent
    assert (folder / "a.html").read_text().startswith("<!doctype html>")
    assert "Content-Security-Policy" in (folder / "b.html").read_text()
    assert "| model.npz | ✅ ok |" in (folder / "a.md").read_text()


def test_the_log_tells_what_changed(cli, registered):
    """From registration to registration, to the tensor."""
    np.savez(registered / "model.npz", weight=np.arange(6.0) + 1, bias=np.ones(3))
    cli("checkpoint", "register", "models/model.npz", "--note", "one step more")
    cli("checkpoint", "remove", "models/model.npz", "--note", "obsolete")
    done = cli("checkpoint", "log", "models/model.npz")
    assert done.stdout.count("registered\n") == 2
    assert "1 tensor or value: weight" in done.stdout
    assert done.stdout.index("obsolete") < done.stdout.index("one step more")


def test_a_damaged_line_is_told_by_list_log_and_verify(cli, registered):
    """With its number."""
    path = registered / "checkpoints.repro.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind":"file"', b'"kind":"film"'))
    assert "line 1 (about model.npz)" in cli("checkpoint", "list", "models").stderr
    assert "line 1" in cli("checkpoint", "log", "models/model.npz").stdout
    done = cli("checkpoint", "verify", "models")
    assert done.returncode == 1
    assert "checkpoints.repro.jsonl:1  unreadable" in done.stdout


def test_markup_and_controls_in_names_and_notes_are_text(cli, project):
    """Neither the terminal nor rich takes them for orders."""
    name = "[bold]\x1b[31m.bin"
    (project / name).write_bytes(b"x")
    assert cli("checkpoint", "register", f"models/{name}", "--note", "[red]\x1b[2J").returncode == 0
    for words in (("list", "models"), ("verify", "models"), ("log", f"models/{name}")):
        done = cli("checkpoint", *words)
        assert "\x1b" not in done.stdout
        assert "[bold]" in done.stdout or words[0] == "log"


def test_bytes_are_counted_on_a_terminal_alone(on_terminal, registered):
    """The bar goes to standard error."""
    said, seen = on_terminal("checkpoint", "verify", "models", cwd=registered.parent)
    assert b"2 checkpoints verified" in said
    assert "reading" in seen or "model.npz" in seen or "MB" in seen or "bytes" in seen
