"""``repro-nb checkpoint content`` and ``repro-nb checkpoint diff``, as a user runs them."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file


@pytest.fixture
def weights(tmp_path):
    """Two checkpoints that hold the same, and one that does not."""
    array = np.arange(6, dtype="f4").reshape(2, 3)
    np.savez(tmp_path / "a.npz", w=array)
    np.savez_compressed(tmp_path / "b.npz", w=array)
    array[1, 2] += 0.5
    np.savez(tmp_path / "c.npz", w=array)
    return tmp_path


def test_the_same_contents_print_the_same_digest(cli, weights):
    """One line a file, as the standard tools print them."""
    done = cli("checkpoint", "content", "a.npz", "b.npz")
    (first, _, one), (second, _, other) = (
        line.partition("  ") for line in done.stdout.splitlines()
    )
    assert done.returncode == 0
    assert first == second
    assert first.startswith("content-1-sha256:")
    assert (one, other) == ("a.npz", "b.npz")


def test_rows_are_shown_where_they_are_asked_for(cli, weights):
    """Name, type and shape of each tensor."""
    done = cli("checkpoint", "content", "a.npz", "--rows")
    assert "F32" in done.stdout
    assert "[2, 3]" in done.stdout


def test_json_is_an_envelope_with_every_row(cli, weights):
    """And nothing else is on standard output."""
    done = cli("checkpoint", "content", "a.npz", "--json", "--algorithm", "blake2b")
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "repro_nb/checkpoint-content/1"
    (result,) = envelope["results"]
    assert result["algorithm"] == "blake2b"
    assert result["rows"][0]["shape"] == [2, 3]


def test_checkpoints_that_hold_the_same_exit_with_0(cli, weights):
    """However they are packed."""
    done = cli("checkpoint", "diff", "a.npz", "b.npz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the same to the bit" in done.stdout


def test_a_difference_is_shown_and_exits_with_1(cli, weights):
    """With the element and the bit, also in the files that were asked for."""
    done = cli("checkpoint", "diff", "a.npz", "c.npz", "--html", "d.html", "--markdown", "d.md")
    assert done.returncode == 1
    assert "1 of 6" in done.stdout
    assert "[1, 2]" in done.stdout
    assert "bit 20 (fraction)" in done.stdout
    assert "<svg" in (weights / "d.html").read_text()
    assert "| w | changed |" in (weights / "d.md").read_text()


def test_a_difference_as_json_has_its_figures(cli, weights):
    """Keys that a program can rely on."""
    done = cli("checkpoint", "diff", "a.npz", "c.npz", "--json")
    row = json.loads(done.stdout)["results"][0]["rows"][0]
    assert (row["name"], row["max_abs"], row["first_index"]) == ("w", 0.5, [1, 2])


@pytest.mark.parametrize("verb", ["content", "diff"])
def test_what_would_run_code_exits_with_2_and_says_why(cli, weights, verb):
    """Nothing is executed."""
    (weights / "evil.pt").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    arguments = ("evil.pt",) if verb == "content" else ("evil.pt", "a.npz")
    done = cli("checkpoint", verb, *arguments)
    assert done.returncode == 2
    assert "os.system" in done.stderr
    assert not (weights / "canary").exists()


def test_a_report_cannot_be_written_over_a_checkpoint(cli, weights):
    """A slip of the shell must not cost a model."""
    before = (weights / "a.npz").read_bytes()
    done = cli("checkpoint", "diff", "a.npz", "c.npz", "--html", "a.npz")
    assert done.returncode == 2
    assert (weights / "a.npz").read_bytes() == before


def test_after_one_that_fails_the_others_are_read(cli, weights):
    """With the error of each in its place."""
    (weights / "bad.npz").write_bytes(b"no archive")
    done = cli("checkpoint", "content", "gone.npz", "a.npz", "bad.npz", "b.npz")
    assert done.returncode == 2
    assert [line.rpartition("  ")[2] for line in done.stdout.splitlines()] == ["a.npz", "b.npz"]
    assert done.stderr.count("error: ") == 2
    envelope = json.loads(cli("checkpoint", "content", "gone.npz", "a.npz", "--json").stdout)
    gone, good = envelope["results"]
    assert (gone["status"], gone["checkpoint"]) == ("error", "gone.npz")
    assert good["path"] == "a.npz"


def test_an_empty_path_is_refused(cli, weights):
    for words in (("content", ""), ("diff", "", "a.npz"), ("diff", "a.npz", "")):
        done = cli("checkpoint", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "the path is empty" in done.stderr


def test_names_of_tensors_are_told_apart(cli, tmp_path):
    """In the terminal and in files: a name must not make a row of its own."""
    names = ("new\nline", "new line", r"new\nline")
    save_file({name: np.zeros(2) for name in names}, tmp_path / "a.safetensors")
    save_file({name: np.ones(2) for name in names}, tmp_path / "b.safetensors")
    sides = ("a.safetensors", "b.safetensors")
    done = cli("checkpoint", "diff", *sides, "--html", "d.html", "--markdown", "d.md")
    assert {line[:11].strip() for line in done.stdout.splitlines()} >= {
        "new line",
        r"new\nline",
        r"new\\nline",
    }
    page = (tmp_path / "d.html").read_text()
    assert all(f">{name}<" in page for name in ("new line", r"new\nline", r"new\\nline"))
    rows = (tmp_path / "d.md").read_text().splitlines()
    assert {row.split(" | ")[0] for row in rows if row.startswith("| new")} == {
        "| new line",
        r"| new\\nline",
        r"| new\\\\nline",
    }


def test_one_difference_is_told_in_the_singular(cli, weights):
    assert "1 of 1 tensor or value differs" in cli("checkpoint", "diff", "a.npz", "c.npz").stdout
