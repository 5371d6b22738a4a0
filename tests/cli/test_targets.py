"""Reports never replace a notebook or a recording."""

import pytest


@pytest.fixture
def notebook(tmp_path, write):
    """A notebook that would take long if it ran."""
    return write(tmp_path / "study.ipynb", ("import time; time.sleep(100)", ""))


@pytest.mark.parametrize(
    "options",
    [
        ("--html", "study.ipynb"),
        ("--markdown", "./study.ipynb"),
        ("--html", "other.ipynb"),
        ("--markdown", "study.repro.json"),
        ("--html", "report", "--markdown", "report"),
        ("--html", "link.html"),
    ],
)
def test_a_report_over_a_notebook_is_refused_before_anything_runs(cli, tmp_path, notebook, options):
    """Exit 2, and the notebook is as it was."""
    (tmp_path / "link.html").symlink_to(notebook)
    before = notebook.read_bytes()
    done = cli("verify", "study.ipynb", *options)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {options[1].removeprefix('./')}: a report would ")
    assert notebook.read_bytes() == before


def test_diff_refuses_them_too(cli, tmp_path, write):
    """Either side is safe."""
    write(tmp_path / "a.ipynb", ("print(1)", "1\n"))
    kept = write(tmp_path / "b.ipynb", ("print(1)", "1\n")).read_bytes()
    done = cli("diff", "a.ipynb", "b.ipynb", "--html", "b.ipynb")
    assert done.returncode == 2
    assert (tmp_path / "b.ipynb").read_bytes() == kept
