"""The report in a terminal."""

import io
from dataclasses import replace

from rich.console import Console

from repro_nb.findings import Finding, Severity
from repro_nb.recording.outcome import CellComparison, Outcome, OutputComparison
from repro_nb.rerun.report.terminal import print_report, text
from repro_nb.rerun.result import Cause, Grade, Origin


def test_a_newcomer_reads_verdict_cause_and_next_step_in_this_order(explained):
    """The report leads from the verdict over the causes and the cell to what to do."""
    report = " ".join(text([explained]).split())
    order = [
        "notebooks/study.ipynb",
        "level 1 (runs): 3 of 4 outputs compared, 1 to the bit",
        "✓ 1 runs ○ 2 repeats",
        "1 identical, 2 different, 1 not compared",
        "Why not level 2 (repeats)",
        "Cell 3 differs because line 1 of cell 2 makes a generator without a seed — os-entropy, proved",
        "cell 2, line 1 │ rng = np.random.default_rng()",
        "with fixed ones it does not",
        "Cells 4, 5 and 6 inherit it.",
        "Fix Give `rng` a seed",
        "Cell 7 differs, and no known factor explains it — unexplained",
        "Cell 2 would differ on another machine because it uses the time zone of the machine",
        "First divergent cell: cell 3, In [3]",
        "run A",
        "- 1000 3.1480",
        "+ 1000 3.1280",
        "run B: varied hash-seed = 1234, timezone = XXX-5:45",
        "could not be varied here: locale",
        "isolation: overlay",
        "Next Give `rng` a seed: `np.random.default_rng(42)`. `repro-nb fix notebooks/study.ipynb`",
    ]
    places = [report.index(piece) for piece in order]
    assert places == sorted(places)


def test_causes_take_the_place_of_what_they_explain_better(explained, unseeded):
    """What holds back, the diverged sources and the draws are told where no cause is."""
    for said in ("Held back by", "Already diverged", "draws from"):
        assert said not in text([explained])
        assert said in text([unseeded])


def test_rows_of_cells_name_their_cause(explained):
    """The factor at the first cell, then the cell that it is inherited from."""
    lines = [line.split() for line in text([explained]).splitlines()]
    rows = {words[0]: " ".join(words) for words in lines if words[1:2] == ["In"]}
    assert " os-entropy " in rows["3"]
    assert " from cell 3 " in rows["4"]


def test_without_causes_the_report_leads_to_the_cell_and_its_sources(unseeded):
    """Where nobody asked why, it shows what is known, and how to find out."""
    report = text([unseeded])
    order = [
        "notebooks/study.ipynb",
        "level 1 (runs): 3 of 4 outputs compared, 1 to the bit",
        "✓ 1 runs  ○ 2 repeats",
        "Held back by",
        "1 identical, 2 different, 1 not compared",
        "First divergent cell: cell 3, In [3]",
        "run A",
        "- 1000    3.1480",
        "+ 1000    3.1280",
        "`rng` (numpy.random.Generator(PCG64)) was made unseeded in cell 2",
        "draws from",
        "run B: varied hash-seed = 1234, timezone = XXX-5:45",
        "could not be varied here: locale",
        "isolation: overlay",
        "repro-nb explain notebooks/study.ipynb",
    ]
    places = [report.index(piece) for piece in order]
    assert places == sorted(places)


def test_a_notebook_that_fails_shows_the_cell_and_its_error(failing):
    """The failing cell's code stands beside its error."""
    report = text([failing])
    assert "✗ 0 fails" in report
    assert "KeyError in cell 0: 'speices'" in report
    assert "│ df['speices']" in report


def test_a_failure_leads_with_its_cause(failing):
    """Before the traceback."""
    cause = Cause(
        cell=0,
        factor="missing-name",
        grade=Grade.OBSERVED,
        evidence="It is defined in cell 1 alone.",
        fix="Move cell 1 above cell 0.",
        origin=Origin(cell=0, line=1, code="df['speices']"),
    )
    report = text([replace(failing, causes=(cause,))])
    assert "Cell 0 fails because its line 1 uses a name that no cell before it defines" in report
    assert report.index("Why it fails") < report.index("KeyError in cell 0")
    assert "Next  Move cell 1 above cell 0." in report


def test_a_notebook_that_could_not_be_judged_says_why(unjudged):
    """No ladder where nothing was judged; the hint says what to do."""
    report = text([unjudged])
    assert "not judged" in report
    assert "name another with --kernel" in report
    assert "0 fails" not in report


def test_the_summary_names_the_first_cause(explained, sound):
    """In a line, in the place of what holds the notebook back."""
    summary = " ".join(text([explained, sound], width=160).splitlines()[-5:])
    assert "cell 3 differs: os-entropy, from cell 2, line 1" in summary


def test_many_notebooks_end_in_a_summary(every_kind):
    """Those below the bar are shown in full, the others in one line."""
    report = text(every_kind)
    assert "4 notebooks: 1 at or above the bar, 2 below, 1 could not be judged" in report
    assert report.count("Next") == 3


def test_quiet_names_only_what_is_below_the_bar(every_kind):
    """One line each, for a log."""
    console = Console(file=io.StringIO(), width=60)
    print_report(every_kind, console, quiet=True)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 3
    assert not any("sound.ipynb" in line for line in lines)


def test_text_from_a_notebook_cannot_steer_the_terminal(hostile):
    """Escape sequences and direction marks are shown, not obeyed; markup is text."""
    report = text([hostile])
    assert not {"\x1b", "\x07", "\u202e"} & set(report)
    assert "[red]" in report


def test_the_signs_of_a_difference_stay_beside_long_lines(unseeded):
    """However wide a line is, it is cut, and not the sign that says whose it is."""
    output = OutputComparison(
        outcome=Outcome.DIFFERENT, output=0, kind="stdout", expected="a" * 300, actual="b" * 300
    )
    cell = replace(unseeded.cells[3], run_to_run=CellComparison(outputs=(output,)))
    report = text([replace(unseeded, cells=(*unseeded.cells[:3], cell))], width=80)
    assert "- aaa" in report
    assert "+ bbb" in report


def test_colours_are_used_on_a_terminal_alone(unseeded):
    """The same report without colour is plain text."""
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="truecolor")
    print_report([unseeded], console)
    assert "\x1b[" in console.file.getvalue()
    assert "\x1b[" not in text([unseeded])


def test_the_report_keeps_to_its_width(every_kind, explained, hostile):
    """Nothing runs over the edge of a narrow terminal."""
    report = text([*every_kind, explained, hostile], width=72)
    assert max(map(len, report.splitlines())) <= 72


def test_a_file_that_cannot_be_read_is_one_line(unjudged):
    """Path and reason as a sentence with a subject; no empty report around it."""
    error = replace(
        unjudged.error, type="NotebookError", message="the file is empty\nSave the notebook first."
    )
    report = text([replace(unjudged, error=error)])
    assert report == "error: notebooks/other.ipynb: the file is empty. Save the notebook first.\n"


def test_remarks_are_shown_above_the_bar_too(sound, unseeded):
    """What weighs more than a note is never lost among many notebooks."""
    finding = Finding("recording-not-written", Severity.WARNING, "no recording was written")
    report = text([replace(sound, findings=(finding,)), unseeded])
    assert "warning no recording was written" in report


def test_cells_are_numbered_as_in_the_json(unseeded):
    """The table says once how cells are counted."""
    assert text([unseeded]).count("numbered from 0 over code cells, as in the JSON") == 1
