"""Why outputs that are not identical count as they do, in every report."""

from dataclasses import replace

import pytest

from repro_nb.recording.compare import CompareOptions, compare_outputs
from repro_nb.rerun.report import envelope, html, markdown, text, validate
from repro_nb.rerun.report.reasons import cell_reasons, equivalence_text


def printed(value):
    """An output of a cell, as a kernel gives it."""
    return [{"output_type": "stream", "name": "stdout", "text": value}]


def compared(expected, actual):
    """Two outputs, compared by the real comparators."""
    return compare_outputs(printed(expected), printed(actual), CompareOptions())


OBJECT = compared("<f at 0x7f3a5c1d2e50>\n", "<f at 0x7f3a5c1d2e99>\n")
NUMBER = compared("1.0000000001\n", "1.0000000002\n")
BOTH = compared("<f at 0x7f3a5c1d2e50> 0.500000001\n", "<f at 0x7f3a5c1d2e99> 0.500000002\n")


@pytest.fixture
def tolerant(sound):
    """A notebook with outputs that agree within what is tolerated."""
    base = sound.cells[2]
    cells = [
        replace(base, index=i, run_to_run=run_to_run, saved=saved)
        for i, (run_to_run, saved) in enumerate([(OBJECT, OBJECT), (NUMBER, None), (BOTH, OBJECT)])
    ]
    return replace(sound, cells=tuple(cells))


def test_reasons_are_counted_by_output(tolerant):
    """Equal reasons are one, whichever comparison they come from."""
    named = "memory addresses hidden (2), numbers within rtol 1e-06, atol 1e-12 (2)"
    assert equivalence_text(tolerant) == named
    assert equivalence_text(tolerant, most=1) == "memory addresses hidden (2), 1 more reason"


def test_every_report_tells_why_outputs_are_equivalent(tolerant):
    """Nothing is tolerated in silence."""
    assert "equivalent because: memory addresses hidden (2)" in " ".join(text([tolerant]).split())
    assert "Equivalent because: memory addresses hidden (2)" in markdown([tolerant])
    page = html([tolerant])
    assert "equivalent because: memory addresses hidden (2)" in page
    assert f'<td class="why"><p>{OBJECT.outputs[0].reason}</p></td>' in page


def test_identical_outputs_need_no_reason(sound):
    """No line where there is nothing to say."""
    assert equivalence_text(sound) == ""
    assert "equivalent because" not in text([sound])


def test_a_reason_of_another_kind_is_given_as_it_is(tolerant):
    """Only particulars are left out."""
    output = replace(OBJECT.outputs[0], reason="shown alike by a terminal")
    cell = replace(tolerant.cells[0], run_to_run=replace(OBJECT, outputs=(output,)), saved=None)
    assert equivalence_text(replace(tolerant, cells=(cell,))) == "shown alike by a terminal (1)"
    assert cell_reasons(cell) == ("shown alike by a terminal",)


def test_json_gives_every_reason_in_full(tolerant, unseeded):
    """By output and comparison; identical outputs are left out."""
    data = envelope([tolerant, unseeded])
    validate(data)
    reasons = data["results"][0]["cells"][2]["reasons"]
    assert [(each["side"], each["output"], each["outcome"]) for each in reasons] == [
        ("run_to_run", 0, "equivalent"),
        ("saved", 0, "equivalent"),
    ]
    assert reasons[0]["reason"] == BOTH.outputs[0].reason
    assert data["results"][1]["cells"][2]["reasons"] == []
