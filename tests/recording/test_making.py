"""Making a recording from a run, and making it again."""

import pytest

from repro_nb.recording.compare import CompareOptions
from repro_nb.recording.making import make_recording
from repro_nb.recording.payloads import LIMIT
from repro_nb.recording.recording import RecordedSource
from repro_nb.recording.store import dumps, read_recording, write_recording
from repro_nb.records import CellRecord, Environment, source_digest


def stream(text):
    """One piece of standard output."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def record(cell_id, **facts):
    """What the probe saw of a cell."""
    return CellRecord(cell_id=cell_id, order=1, source_digest="", status="ok", seconds=0.1, **facts)


def make(outputs, previous=None, ids=None, **changes):
    """A recording of cells with these outputs."""
    count = len(outputs)
    ids = ids or [f"cell-{i}" for i in range(count)]
    facts = {
        "notebook": "folder/study.ipynb",
        "kernel": {"name": "python3"},
        "records": [record(name) for name in ids],
        "outputs": outputs,
        "sources": [f"print({name!r})" for name in ids],
        "floating": (),
        "environment": Environment(python="CPython 3.11", os="Linux", cpu="x", cpu_count=2),
        "level": 4,
        "seconds": [0.1] * count,
        "previous": previous,
        "options": CompareOptions(),
    }
    return make_recording(**{**facts, **changes})


def without_run(recording):
    """What must not change when nothing did."""
    return {key: value for key, value in recording.to_json().items() if key != "run"}


def test_recording_again_changes_the_run_block_alone(tmp_path):
    """An unchanged notebook gives the same file but for its run facts."""
    first = make([[stream("pi is 3.14159265358979\n")], []])
    write_recording(first, tmp_path / "a.repro.json")
    old = read_recording(tmp_path / "a.repro.json")
    again = make([[stream("pi is 3.14159265358979\n")], []], old, seconds=[7.5, None])
    assert without_run(again) == without_run(first)
    assert again.run.durations == (7.5, None)


def test_an_equivalent_output_is_no_change():
    """A memory address that moved, or the last bit of a number, makes no version-control noise."""
    first = make([[stream("<function f at 0x7f0000000010>\n")]])
    again = make([[stream("<function f at 0x7f00000ffff0>\n")]], first)
    assert without_run(again) == without_run(first)


def test_a_different_output_is_recorded():
    """A result that changed replaces the old one, with its digest."""
    first = make([[stream("1\n")], [stream("same\n")]])
    again = make([[stream("2\n")], [stream("same\n")]], first)
    assert again.cells[0].outputs[0]["text"] == "2\n"
    assert again.cells[0].output_digests != first.cells[0].output_digests
    assert again.cells[1] == first.cells[1]


def test_an_inserted_cell_leaves_the_others_as_they_were():
    """Old outputs follow their cell by its id."""
    address = "<object at 0x7f0000000010>"
    first = make([[stream(address)]], ids=["old"])
    again = make(
        [[stream("new")], [stream(address.replace("10>", "ff0>"))]], first, ids=["new", "old"]
    )
    assert again.cells[1].outputs == first.cells[0].outputs


def test_pieces_of_a_stream_are_joined():
    """How the kernel happened to cut its output is no part of a recording."""
    whole = make([[stream("a\nb\n")]])
    pieces = make([[stream("a\n"), stream(["b", "\n"])]])
    assert dumps(whole).partition(b'"run"')[0] == dumps(pieces).partition(b'"run"')[0]


def test_a_counter_is_not_recorded():
    """Execution counts differ between front ends; they are left out."""
    output = {"output_type": "execute_result", "execution_count": 7, "data": {}, "metadata": {}}
    assert make([[output]]).cells[0].outputs[0]["execution_count"] is None


def test_sources_that_float_are_marked_not_fingerprinted():
    """A fingerprint that changes with every run would be noise."""
    facts = {
        "draws": ("numpy", "rng"),
        "before": {"numpy": "a", "rng": "x"},
        "after": {"numpy": "b", "rng": "y"},
    }
    made = make([[]], records=[record("a", **facts)], floating={"rng"})
    assert made.cells[0].sources == {
        "numpy": RecordedSource(before="a", after="b"),
        "rng": RecordedSource(floating=True),
    }


def test_a_large_picture_is_kept_as_its_digest(tmp_path):
    """One payload over 256 KiB does not make the file grow with it."""
    picture = {
        "output_type": "display_data",
        "data": {"image/png": "A" * (LIMIT + 4)},
        "metadata": {},
    }
    first = make([[picture]])
    assert first.cells[0].outputs[0]["large"]["image/png"]["size"] == LIMIT + 4
    assert len(dumps(first)) < 4000
    assert without_run(make([[picture]], first)) == without_run(first)


def test_a_cell_that_did_not_run_is_recorded_as_such():
    """Every code cell has its place, run or not."""
    made = make([[], []], records=[record("a"), None], ids=None)
    assert [cell.status for cell in made.cells] == ["ok", "not-run"]
    assert made.cells[1].id == f"1-{source_digest(chr(112) + 'rint(' + repr('cell-1') + ')')}"


def test_sequences_of_other_lengths_are_refused():
    """A cell without its facts is a programming error, not a gap."""
    with pytest.raises(ValueError, match="zip"):
        make([[], []], seconds=[0.1])
