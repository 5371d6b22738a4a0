"""Where a checkpoint comes from."""

import subprocess

import pytest

from repro_nb.checkpoints.git import git_state
from repro_nb.checkpoints.provenance import Provenance, capture_provenance
from repro_nb.probe.session import Seeding, session


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit."""
    run(tmp_path, "init", "-q")
    (tmp_path / "train.py").write_text("1\n")
    (tmp_path / ".gitignore").write_text("*.pth\n")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def run(folder, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, "-C", folder, *words], check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_a_clean_tree_is_its_commit(repository):
    """Ignored files and the registry do not count as changes."""
    (repository / "model.pth").write_bytes(b"x")
    (repository / "checkpoints.repro.jsonl").write_text("line\n")
    found = git_state(repository)
    assert found.commit == run(repository, "rev-parse", "HEAD")
    assert found.dirty == ""


def test_each_change_gives_another_digest_and_taking_it_back_the_old_one(repository):
    """Of tracked and untracked files, by content and by name, also from a folder within."""
    (repository / "deep").mkdir()
    seen = [git_state(repository).dirty]
    for name, text in (
        ("train.py", "2\n"),
        ("new.py", "3\n"),
        ("new.py", "4\n"),
        ("naïve \n.py", "5"),
    ):
        (repository / name).write_text(text)
        seen.append(git_state(repository / "deep").dirty)
    (repository / "train.py").unlink()
    seen.append(git_state(repository).dirty)
    assert len(set(seen)) == len(seen)
    run(repository, "checkout", "-q", ".")
    (repository / "new.py").unlink()
    (repository / "naïve \n.py").unlink()
    assert git_state(repository).dirty == ""


def test_looking_writes_nothing(repository):
    """The index stays as it was, byte for byte."""
    (repository / "train.py").write_text("1\n")
    before = (repository / ".git/index").read_bytes()
    git_state(repository)
    assert (repository / ".git/index").read_bytes() == before


def test_outside_a_repository_nothing_is_known(tmp_path):
    """That is no error."""
    assert git_state(tmp_path).commit == ""
    run(tmp_path, "init", "-q")
    assert git_state(tmp_path).commit == ""


def test_a_process_tells_its_seed_and_environment(repository, monkeypatch):
    """And what was not known stays empty."""
    monkeypatch.setattr(session, "seeding", Seeding(5))
    found = capture_provenance(repository)
    assert found.seed == 5
    assert found.commit
    assert found.python.startswith("CPython 3")
    assert len(found.environment) == 32
    assert found.cell == ""


def test_what_is_kept_comes_back(repository):
    """A seed of 0 and an order of 0 are facts, and not nothing."""
    made = Provenance(seed=0, order=0, fingerprints={"numpy": "ab"})
    assert Provenance.from_json({**made.to_json(), "later": 1}) == made
    assert made.to_json() == {"seed": 0, "order": 0, "fingerprints": {"numpy": "ab"}}
