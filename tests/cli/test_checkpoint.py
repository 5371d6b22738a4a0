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
    assert "models/checkpoints.repro.jsonl" in done.stderr
    again = cli("checkpoint", "register", "models/model.npz")
    assert again.stderr == ""
    line, _ = (project / "checkpoints.repro.jsonl").read_text().splitlines()
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
        ((), registered / "sharded"),
        ((".", "--registry", "."), registered),
        (("--registry", "models"), registered.parent),
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


def test_without_a_path_the_registry_is_looked_for_upwards(run, registered):
    """By all that show a registry, which is then named."""
    below = registered / "below"
    below.mkdir()
    for words in (("verify",), ("list",), ("report", "out.md")):
        done = run("checkpoint", *words, cwd=below)
        assert done.returncode == 0, done.stderr
        assert str(registered) in done.stderr


def test_where_there_is_no_registry_the_current_folder_is_named(run, project):
    """Not the one above it; and no report is written on nothing."""
    listed = run("checkpoint", "list", cwd=project)
    assert (listed.returncode, listed.stdout) == (
        0,
        f"No checkpoint is registered in {project}\n",
    )
    for words in (("verify",), ("report", "out.html")):
        done = run("checkpoint", *words, cwd=project)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {project}: there is no registry here")
    assert not (project / "out.html").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("register", ""),
        ("verify", ""),
        ("list", ""),
        ("log", ""),
        ("remove", ""),
        ("report", ""),
        ("report", "x.md", ""),
        ("register", "models/model.npz", "--parent", ""),
        ("verify", "--registry", ""),
    ],
)
def test_an_empty_path_is_refused(cli, registered, words):
    """It is the value of a variable that is not set, and not the current folder."""
    done = cli("checkpoint", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the path is empty" in done.stderr


def test_after_one_that_fails_the_others_are_registered(cli, project):
    """Exit 2, the error on standard error, or as a result of its own."""
    done = cli("checkpoint", "register", "models/gone", "models/model.npz")
    assert done.returncode == 2
    assert done.stdout.endswith("  model.npz\n")
    assert "error: models/gone: there is no such file or folder" in done.stderr
    told = cli("checkpoint", "register", "models/gone", "models/model.npz", "--json")
    results = json.loads(told.stdout)["results"]
    assert [(each["status"], each["checkpoint"]) for each in results] == [
        ("error", "models/gone"),
        ("ok", "model.npz"),
    ]


def test_the_registry_itself_is_passed_over(run, registered):
    """``register *`` means the checkpoints."""
    names = sorted(path.name for path in registered.iterdir())
    done = run("checkpoint", "register", *names, cwd=registered)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert "checkpoints.repro.jsonl: passed over" in done.stderr
    alone = run("checkpoint", "register", "checkpoints.repro.jsonl", cwd=registered)
    assert alone.returncode == 2


@pytest.mark.parametrize("algorithm", ["md5", "xxh3"])
def test_what_protects_from_accidents_alone_says_so(cli, project, algorithm):
    """When it is registered, and whenever it is verified; by one line, not by Python's warning."""
    done = cli("checkpoint", "register", "models/model.npz", "--algorithm", algorithm)
    (line,) = [each for each in done.stderr.splitlines() if "accidents" in each]
    assert line.startswith(f"warning: {algorithm} protects from accidents alone")
    assert ".py" not in done.stderr
    seen = cli("checkpoint", "verify", "models")
    told = f"model.npz is registered by {algorithm}, which protects from accidents alone"
    assert told in seen.stdout
    assert ".py" not in seen.stderr


def test_shards_that_are_missing_are_told_at_registration(cli, project):
    """It is registered all the same: the user may know better."""
    (project / "sharded/model-00001-of-00002.safetensors").write_bytes(b"x")
    done = cli("checkpoint", "register", "models/sharded")
    assert done.returncode == 0
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("warning: ")]
    assert "model-00002-of-00002.safetensors (missing)" in line


def test_files_that_nobody_registered_are_told_of_a_whole_registry_alone(cli, registered):
    """Who verifies one checkpoint did not ask; and one is told in the singular."""
    (registered / "loose.pt").write_bytes(b"x")
    told = "1 file that may be a checkpoint and is not registered: loose.pt"
    assert told in cli("checkpoint", "verify", "models").stdout
    assert "loose.pt" not in cli("checkpoint", "verify", "models/model.npz").stdout


def test_names_are_told_apart_and_forge_no_line(cli, project):
    """In what is listed, verified and removed, and in the files."""
    names = ("new\nline.bin", "new line.bin", r"new\nline.bin")
    for name in names:
        (project / name).write_bytes(b"x")
    shown = ["new line.bin", r"new\\nline.bin", r"new\nline.bin"]
    done = cli("checkpoint", "register", *(f"models/{name}" for name in names))
    assert sorted(line.partition("  ")[2] for line in done.stdout.splitlines()) == shown
    for verb in ("verify", "list"):
        lines = cli("checkpoint", verb, "models").stdout.splitlines()
        assert all(any(line.startswith((name, f"✓ {name}")) for line in lines) for name in shown)
        assert not any(line.startswith("line.bin") for line in lines)
    cli("checkpoint", "verify", "models", "--html", "a.html", "--markdown", "a.md")
    page = (project.parent / "a.html").read_text()
    assert all(f">{name}<" in page for name in shown)
    text = (project.parent / "a.md").read_text()
    assert all(f"| {name.replace(chr(92), chr(92) * 2)} |" in text for name in shown)
    assert cli("checkpoint", "remove", "models/new\nline.bin").stdout.startswith(shown[2])


def test_a_page_says_what_it_is_of_and_shows_failures_first(run, registered):
    """Its folder by name, when and by what; for who reads it elsewhere."""
    flip(registered / "sharded/two.bin", 5)
    run("checkpoint", "verify", "--html", "a.html", "--markdown", "a.md", cwd=registered)
    page, text = (registered / "a.html").read_text(), (registered / "a.md").read_text()
    for said in (page, text):
        assert "models: " in said
        assert "UTC by repro" in said
        assert said.index(">sharded<" if said is page else "| sharded |") < said.index(
            ">model.npz<" if said is page else "| model.npz |"
        )
    assert page.index("Overview") < page.index("<article")
    assert "Somewhere in" in page
    assert "somewhere in" in text
