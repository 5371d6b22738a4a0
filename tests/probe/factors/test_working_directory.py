"""The folder that the project lies in, and the home folder."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from repro_nb.probe.factors import Host, Traces
from repro_nb.probe.factors.working_directory import WorkingDirectory
from repro_nb.recording.compare import compare_outputs
from repro_nb.rerun.options import VerifyOptions
from repro_nb.rerun.vary import pinned

CELLS = (
    "import os, pathlib, subprocess\nfrom helpers import place",
    "print(os.getcwd())",
    "print(pathlib.Path('data.csv').resolve().parent.parent)\nprint(place())",
    "print(os.path.expanduser('~'))",
    "!pwd",
    (
        "print(sorted(os.listdir()) == sorted(os.listdir(os.getcwd())), open('helpers.py').readline())\n"
        "open('made.txt', 'w').write('x')\nprint(os.path.exists(pathlib.Path.home()))\n"
        "print(subprocess.run(['cat', 'made.txt'], capture_output=True, text=True).stdout)"
    ),
)
HELPERS = "import os\ndef place():\n    return os.path.abspath(__file__)\n"


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the folders alone are others."""
    files = {"helpers.py": HELPERS}
    plans = (pinned(), pinned(), pinned({"working-directory": 0}))
    return [rerun_once(*CELLS, plan=plan, files=files) for plan in plans]


def agree(ours, theirs):
    """For each cell, whether two runs agree, as reports judge it."""
    options = VerifyOptions().compare_options(ours.run.private_paths + theirs.run.private_paths)
    pairs = zip(ours.run.outputs, theirs.run.outputs, strict=True)
    return [compare_outputs(old, new, options).agrees for old, new in pairs]


def test_paths_that_are_shown_differ_where_the_project_lies_elsewhere(runs):
    """Through the comparison, which takes a run's own paths for those that they stand for."""
    first, again, other = runs
    if not other.run.launch.workspace.mounts:
        pytest.skip("nothing can be mounted here, so the project stays where it is")
    assert all(agree(first, again))
    assert agree(first, other) == [True, False, False, False, False, True]


def test_what_the_notebook_writes_does_not_reach_the_users_folder(runs):
    """The other path leads to the same layer."""
    other = runs[2]
    assert other.texts[5].endswith("True\nx\n")
    assert not (Path(other.run.launch.workspace.project) / "made.txt").exists()


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A run of a project in a small home."""
    home = tmp_path / "home"
    (home / "project" / "notebooks").mkdir(parents=True)
    (home / "settings").write_text("kept")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("PYTHONUSERBASE", raising=False)
    (tmp_path / "scratch").mkdir()
    project = home / "project"
    return Host(scratch=tmp_path / "scratch", project=project, cwd=project / "notebooks")


def test_another_home_has_the_same_things_in_it(host):
    """Caches and settings stay in reach, and so do the packages that the user installed."""
    environment = WorkingDirectory().vary(host, 0).environment
    home = Path(environment["HOME"])
    assert sorted(entry.name for entry in home.iterdir()) == ["project", "settings"]
    assert (home / "settings").read_text() == "kept"
    assert environment["PYTHONUSERBASE"] == str(Path.home() / ".local")
    shutil.rmtree(host.scratch)
    assert (Path.home() / "settings").exists()


def test_without_mounts_the_home_alone_is_another_and_that_is_said(host):
    setting = WorkingDirectory().vary(host, 0)
    assert (setting.prefix, "stays where it is" in setting.missing) == ((), True)


def test_each_round_has_places_of_its_own_without_a_random_part(host):
    """A path that differs by chance would make two equal runs differ."""
    mounted = replace(host, mounts=True)
    settings = [WorkingDirectory().vary(mounted, round_) for round_ in range(3)]
    folders = [setting.prefix[-1] for setting in settings]
    assert len(set(folders)) == len({setting.environment["HOME"] for setting in settings}) == 3
    assert all(folder.startswith(f"{host.scratch}/elsewhere/") for folder in folders)
    assert all(folder.endswith("/notebooks") for folder in folders)


@pytest.mark.parametrize(
    ("source", "active"),
    [
        ("print(os.getcwd())", True),
        ("Path.home()", True),
        ("Path('a').resolve()", True),
        ("%pwd", True),
        ("!pwd", True),
        ("pd.read_csv('~/x.csv')", True),
        ("pd.read_csv('x.csv')", False),
    ],
)
def test_it_is_tried_where_the_text_asks_where_it_is(source, active):
    assert WorkingDirectory().is_active(Traces((), (source,))) is active


def test_the_advice_is_to_show_names():
    assert "path.name" in WorkingDirectory().remedy("print(path)")
