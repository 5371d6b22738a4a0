"""A run sees the user's paths and writes to none of the user's files."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from repro_nb.rerun import isolation
from repro_nb.rerun.isolation import project_folder, workspace
from repro_nb.rerun.mirror import mirror_project
from repro_nb.rerun.scratch import scratch_folder


@pytest.fixture
def project(tmp_path):
    """A project under git, with data, a subfolder with a notebook, and a sibling outside of it."""
    root = tmp_path / "my project, v2"
    (root / ".git").mkdir(parents=True)
    (root / "data.csv").write_text("a,b\n1,2\n")
    (root / "notebooks").mkdir()
    (root / "notebooks" / "study.ipynb").write_text("{}")
    (tmp_path / "shared.txt").write_text("beside")
    return root


def shell(space, command):
    """What `command` prints when it is run as a kernel would be."""
    run = subprocess.run(
        [*space.prefix, "sh", "-c", command],
        cwd=space.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(params=["overlay", "copy"])
def space(request, project, monkeypatch):
    """A workspace, by every way that leaves the user's files alone."""
    if request.param != "overlay":
        monkeypatch.setattr(isolation, "_obstacle", lambda *_: "not wanted in this test")
    with workspace(project / "notebooks" / "study.ipynb") as made:
        if request.param == "overlay" and made.how != "overlay":
            pytest.skip(f"this machine mounts no overlay: {made.how}")
        yield made


def test_what_a_run_writes_stays_in_the_run(space, project):
    """New, changed and removed files of a run are not seen in the project."""
    shell(space, "echo changed > ../data.csv; echo new > here.txt; rm study.ipynb; cat ../data.csv")
    assert (project / "data.csv").read_text() == "a,b\n1,2\n"
    assert [path.name for path in (project / "notebooks").iterdir()] == ["study.ipynb"]


def test_a_run_reads_what_it_wrote(space):
    """Within a run the file system behaves as ever."""
    assert shell(space, "echo changed > ../data.csv; cat ../data.csv") == "changed\n"


def test_paths_out_of_the_project_stay_true(space):
    """``../../shared.txt`` leads to the user's own file beside the project."""
    assert shell(space, "cat ../../shared.txt") == "beside"


def test_overlay_keeps_the_very_paths(project):
    """Under an overlay the working directory is the user's own, to the letter."""
    with workspace(project / "notebooks" / "study.ipynb") as space:
        if space.how != "overlay":
            pytest.skip(f"this machine mounts no overlay: {space.how}")
        assert shell(space, "pwd").strip() == str(project / "notebooks")
        assert os.getuid() == int(shell(space, "id -u"))


def test_scratch_folder_is_gone_afterwards(project):
    """Nothing of a run is left in the temporary folder, overlay's unreadable ``work`` included."""
    with workspace(project / "notebooks" / "study.ipynb") as space:
        shell(space, "echo new > here.txt")
        scratch = space.scratch
    assert not scratch.exists()


def test_two_runs_do_not_meet(project):
    """What one run writes, another that goes on at the same time does not read."""
    notebook = project / "notebooks" / "study.ipynb"
    with workspace(notebook) as one, workspace(notebook) as two:
        shell(one, "echo one > mark")
        assert "mark" not in shell(two, "ls")


def test_the_scratch_folder_lies_outside_the_project(tmp_path, monkeypatch):
    """A notebook that lies in the temporary folder itself is isolated too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with workspace(tmp_path / "study.ipynb") as space:
        assert not space.scratch.is_relative_to(tmp_path)


def test_in_place_runs_in_the_notebooks_folder(project):
    """The plain way starts in the notebook's own folder and wraps nothing."""
    with workspace(project / "notebooks" / "study.ipynb", in_place=True) as space:
        assert (space.how, space.cwd, space.prefix) == ("in-place", project / "notebooks", ())


def test_project_is_the_git_root_else_the_folder(project, tmp_path):
    """The folder that is isolated is the repository, or the notebook's folder where there is none."""
    assert project_folder(project / "notebooks" / "study.ipynb") == project
    assert project_folder(tmp_path / "loose.ipynb") == tmp_path


def test_large_files_are_linked_and_watched(project, tmp_path):
    """A copy of a project with large data costs nothing, and a write through its link is noticed."""
    big = project / "big.bin"
    with big.open("wb") as file:
        file.truncate(50 * 2**30)
    copy, linked = mirror_project(project, tmp_path / "scratch")
    assert (copy / "big.bin").is_symlink()
    assert [file.path for file in linked] == [big]
    assert not linked[0].changed()
    with (copy / "big.bin").open("ab") as file:
        file.write(b"x")
    assert linked[0].changed()


def test_links_inside_a_copy_stay_as_they_are(project, tmp_path):
    """A relative link of the project leads, in the copy, to the copy's file."""
    (project / "alias.csv").symlink_to("data.csv")
    copy, _ = mirror_project(project, tmp_path / "scratch")
    assert (copy / "alias.csv").resolve() == (copy / "data.csv").resolve()
    assert Path(copy / "alias.csv").read_text() == "a,b\n1,2\n"


def test_absolute_links_into_the_project_lead_into_the_copy(project, tmp_path):
    """What the copy's links lead to can be written without harm to the original."""
    (project / "alias.csv").symlink_to(project / "data.csv")
    copy, _ = mirror_project(project, tmp_path / "scratch")
    (copy / "alias.csv").write_text("changed")
    assert (project / "data.csv").read_text() == "a,b\n1,2\n"


def test_a_copy_has_a_budget(project, tmp_path, monkeypatch):
    """Beyond it files are linked, however small, and watched."""
    monkeypatch.setattr("repro_nb.rerun.mirror._MAX_COPIED", 10)
    for name in "abc":
        (project / f"{name}.txt").write_text("12345678")
    _, linked = mirror_project(project, tmp_path / "scratch")
    assert len([file for file in linked if file.path.suffix == ".txt"]) == 2


def test_a_repository_of_the_whole_home_folder_is_no_project(tmp_path, monkeypatch):
    """Dotfiles under git do not make everything at home a project."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "work").mkdir()
    assert project_folder(tmp_path / "work" / "study.ipynb") == tmp_path / "work"


def test_what_a_killed_process_left_behind_is_swept(tmp_path):
    """The next run removes scratch folders that nobody holds, and leaves alone those in use."""
    code = (
        "import os, pathlib, sys\nfrom repro_nb.rerun.scratch import scratch_folder\n"
        "with scratch_folder(pathlib.Path(sys.argv[1])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    with scratch_folder(tmp_path) as held:
        assert list(tmp_path.iterdir()) == [held]
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
        assert held.exists()


def test_the_temporary_folder_is_shielded_too(project):
    """What a run writes under /tmp, no other run and nobody else sees."""
    with workspace(project / "notebooks" / "study.ipynb") as space:
        if space.how != "overlay" or space.scratch.is_relative_to(tempfile.gettempdir()):
            pytest.skip(f"no overlay over the temporary folder on this machine: {space.how}")
        mark = Path(tempfile.gettempdir()) / f"mark-{space.scratch.name}"
        shell(space, f"echo x > {mark}; cat {mark}")
        assert not mark.exists()
