"""Cells that raise nothing, and whose output tells of what is not there."""

import pytest

from repro_nb.rerun.result import Grade


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("!head -4 data/x.csv", "data/x.csv"),
        ("!cat notes.txt", "notes.txt"),
        ("!ls results", "results"),
    ],
)
def test_a_command_that_finds_no_file(notebook, save_as, cause_of, line, name):
    """Its own words name the file."""
    cause = cause_of(save_as(notebook("a = 1", line), counts=[1, 2], printed={1: "1,2,3"}))
    assert (cause.cell, cause.factor, cause.grade) == (1, "missing-file", Grade.OBSERVED)
    assert cause.evidence.startswith(f"{name} does not exist")
    assert cause.origin.code == line


def test_a_program_that_is_not_installed(notebook, save_as, cause_of):
    """The shell says so."""
    path = notebook("!no-such-program --version")
    cause = cause_of(save_as(path, counts=[1], printed={0: "2.1"}))
    assert (cause.factor, cause.fix) == ("missing-file", "Install no-such-program.")


def test_a_folder_that_is_not_there_takes_later_files_with_it(notebook, save_as, diagnosed):
    """Both cells are explained, and the second by the first."""
    path = notebook("%cd ../no-such-folder", "open('train.csv')")
    first, second = diagnosed(save_as(path, counts=[1, 2], printed={0: "/home/me/data"}))
    assert (first.factor, first.origin.line) == ("missing-file", 1)
    assert first.evidence.startswith("The folder ../no-such-folder")
    assert (second.cell, second.factor, second.origin.cell) == (1, "missing-file", 0)
    assert "changes into ../no-such-folder" in second.evidence


@pytest.mark.parametrize(
    ("saved", "factor"),
    [("Overwriting x.py", "missing-file"), ("Nothing", "unexplained")],
)
def test_a_file_that_was_there_when_it_was_saved(notebook, save_as, cause_of, saved, factor):
    """%%writefile says whether it overwrites."""
    cause = cause_of(save_as(notebook("%%writefile x.py\na = 1"), counts=[1], printed={0: saved}))
    assert cause.factor == factor
    assert (cause.grade is Grade.SUSPECTED) == (factor != "unexplained")


def test_a_file_that_is_there_only_now(notebook, save_as, cause_of, tmp_path):
    """A run that was made before has left it."""
    (tmp_path / "x.py").write_text("")
    path = save_as(notebook("%%writefile x.py\na = 1"), counts=[1], printed={0: "Writing x.py"})
    assert cause_of(path).factor == "working-directory"


def test_what_was_told_when_it_was_saved_is_no_cause(notebook, save_as, diagnosed):
    """The file was not there then either."""
    path = notebook("!cat x.txt; date +%N")
    said = "cat: x.txt: No such file or directory\n12"
    causes = diagnosed(save_as(path, counts=[1], printed={0: said}))
    assert {cause.factor for cause in causes} == {"unexplained"}


def test_a_quiet_download_that_brought_nothing(notebook, cause_of, tmp_path):
    """The network is suspected, at the line that should have used it."""
    (tmp_path / "wget").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "wget").chmod(0o755)
    cause = cause_of(notebook("!./wget -q https://a.invalid/iris.data", "open('iris.data')"))
    assert (cause.cell, cause.factor, cause.grade) == (1, "network", Grade.SUSPECTED)
    assert cause.origin.cell == 0


def test_a_download_by_a_program_that_is_not_installed(notebook, cause_of):
    """The program is what is missing first."""
    line = "!PATH=/nowhere wget https://a.invalid/iris.data"
    cause = cause_of(notebook(line, "open('iris.data')"))
    assert (cause.cell, cause.factor, cause.origin.cell) == (1, "missing-file", 0)
    assert "wget, which is not installed" in cause.evidence
