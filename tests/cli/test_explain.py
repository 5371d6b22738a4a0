"""`repro-nb explain`, and what `verify` explains by itself, on real notebooks in real kernels."""

import json

import pytest

from repro_nb.rerun.report import validate


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write):
    """One notebook with an unseeded stream, one that lacks a file, one that is sound."""
    folder = tmp_path_factory.mktemp("notebooks")
    unseeded = (
        ("import random", ""),
        ("x = random.random()", ""),
        ("print(x)", ""),
        ("print(-x)", ""),
    )
    write(folder / "unseeded.ipynb", *unseeded)
    write(folder / "broken.ipynb", ("data = open('survey.csv').read()", ""))
    write(folder / "sound.ipynb", ("print(6 * 7)", "42\n"))
    return folder


@pytest.fixture(scope="module")
def explained(folder, run):
    """All of them explained, with every kind of report."""
    reports = ["--html", "report.html", "--markdown", "report.md"]
    done = run("explain", ".", "--json", *reports, cwd=folder)
    done.data = json.loads(done.stdout)
    done.by_name = {result["notebook"]: result for result in done.data["results"]}
    return done


def test_the_envelope_is_explains_own(explained):
    """Of the form of verify's, so that one reader serves both."""
    validate(explained.data)
    assert explained.data["schema"] == "repro_nb/explain/1"
    assert explained.stderr == ""


def test_the_factor_is_named_at_the_first_cell_where_it_bites(explained):
    """Later cells inherit it."""
    (cause,) = explained.by_name["unseeded.ipynb"]["causes"]
    assert (cause["cell"], cause["factor"], cause["grade"]) == (2, "python", "proved")
    assert cause["inherited_by"] == [3]


def test_a_failure_has_its_cause(explained):
    """Found without an experiment."""
    result = explained.by_name["broken.ipynb"]
    assert (result["level"], result["status"]) == (0, "failed")
    assert [(cause["cell"], cause["factor"]) for cause in result["causes"]] == [(0, "missing-file")]


def test_a_sound_notebook_is_not_accused(explained):
    """It has no causes; and the highest exit code wins."""
    sound = explained.by_name["sound.ipynb"]
    assert (sound["causes"], sound["exit_code"]) == ([], 0)
    assert explained.returncode == 1


def test_each_run_tells_what_it_varied(explained):
    """Two pinned ones first; one that varies all; then one factor each."""
    runs = explained.by_name["unseeded.ipynb"]["runs"]
    assert [run["varied"] for run in runs[:2]] == [{}, {}]
    assert all("python" in run["pinned"] for run in runs[:2])
    assert ["python"] in [list(run["varied"]) for run in runs]
    assert all(run["seconds"] > 0 for run in runs)


def test_the_reports_lead_with_the_causes(explained, folder):
    """One HTML page and one Markdown file over all notebooks."""
    for name in ("report.html", "report.md"):
        report = (folder / name).read_text()
        assert "Why not level 2 (repeats)" in report
        assert "Why it fails" in report


def test_verify_explains_by_itself_and_can_be_told_not_to(folder, run):
    """Without the further runs it says how to learn the cause."""
    done = run("verify", "unseeded.ipynb", cwd=folder)
    assert "Why not level 2 (repeats)" in done.stdout
    assert "Cell 3 inherits it." in done.stdout
    done = run("verify", "unseeded.ipynb", "--no-explain", cwd=folder)
    assert done.returncode == 1
    assert "Why not" not in done.stdout
    assert "Next  Run `repro-nb explain unseeded.ipynb`" in done.stdout


def test_a_budget_that_is_too_small_says_what_it_would_take(folder, run):
    """In place of taking it."""
    done = run("verify", "unseeded.ipynb", "--budget", "0.1", cwd=folder)
    assert done.returncode == 1
    assert "and the budget is 0 s" in " ".join(done.stdout.split())
    assert "every factor pinned" not in done.stdout


def test_a_terminal_shows_what_it_will_take_and_what_each_run_varies(folder, on_terminal):
    """Before the further runs begin, and while they go on."""
    _, seen = on_terminal("explain", "unseeded.ipynb", cwd=folder)
    assert "more runs will tell why cells differ" in " ".join(seen.split())
    assert "run C: all varied" in seen
    assert ": python" in seen


@pytest.mark.parametrize("words", [["none.ipynb"], ["sound.ipynb", "--budget", "-1"]])
def test_what_cannot_be_done_is_told_before_anything_runs(folder, run, words):
    """Exit 2 and a sentence."""
    done = run("explain", *words, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
