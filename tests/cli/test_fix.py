"""``repro-nb fix`` as a user runs it."""

import json

import pytest

UNSEEDED = (("import random", ""), ("print(random.random())", "0.5\n"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory, run, write):
    """What ``fix`` prints, as JSON, of a notebook that draws unseeded; and the notebook's bytes before and after."""
    folder = tmp_path_factory.mktemp("fix")
    path = write(folder / "study.ipynb", *UNSEEDED)
    old = path.read_bytes()
    done = run("fix", "study.ipynb", "--json", cwd=folder)
    return done, old, path.read_bytes(), sorted(entry.name for entry in folder.iterdir())


def test_json_is_an_envelope(shown):
    """The edits come with their causes, both verdicts and the diff."""
    done, *_ = shown
    data = json.loads(done.stdout)
    (result,) = data["results"]
    assert (data["schema"], done.returncode) == ("repro_nb/fix/1", 0)
    assert (result["before"]["level"], result["after"]["level"]) == (1, 3)
    assert [edit["cause"]["factor"] for edit in result["edits"]] == ["python"]
    assert result["cells"] == [
        {
            "cell": None,
            "place": 1,
            "moved": False,
            "above": 1,
            "diff": ["@@ -0,0 +1 @@", "+random.seed(42)"],
        }
    ]


def test_nothing_is_written_unasked(shown):
    """Without --write the notebook stays, and nothing lies beside it."""
    _, old, new, names = shown
    assert new == old
    assert names == ["study.ipynb"]


def test_write_keeps_a_backup(cli, tmp_path, write):
    """--write changes the notebook, says where the old one is, and that its outputs are stale."""
    path = write(tmp_path / "study.ipynb", *UNSEEDED)
    old = path.read_bytes()
    done = cli("fix", "study.ipynb", "--write")
    assert done.returncode == 0
    assert "+random.seed(42)" in done.stdout
    assert "level 1 (runs) → level 3 (robust)" in done.stdout
    assert "stale" in done.stdout
    assert (tmp_path / "study.ipynb.bak").read_bytes() == old
    assert "random.seed(42)" in path.read_text()


def test_text_of_a_notebook_steers_no_terminal(cli, tmp_path, write):
    """Control characters in a cell are shown as something else."""
    write(
        tmp_path / "study.ipynb",
        ("import random", ""),
        ("x = '\x1b[31m'; print(random.random())", ""),
    )
    done = cli("fix", "study.ipynb")
    assert "\x1b[31m" not in done.stdout
    assert done.returncode == 0


def test_what_is_no_notebook(cli, tmp_path):
    """Unreadable input exits with 2."""
    (tmp_path / "study.ipynb").write_text("no JSON")
    done = cli("fix", "study.ipynb")
    assert done.returncode == 2
    assert "could not be judged" in done.stdout
