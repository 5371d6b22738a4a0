"""Recordings on disk."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from repro_nb.errors import RecordingError
from repro_nb.recording.recording import RecordedCell, RecordedSource, Recording, RunBlock
from repro_nb.recording.store import (
    dumps,
    read_recording,
    recording_path,
    recording_schema,
    write_recording,
)
from repro_nb.records import CellError, Environment

words = st.text(max_size=20)
seconds = st.none() | st.floats(0, 1e6)
fingerprints = st.none() | st.text("0123456789abcdef", min_size=32, max_size=32)
sources = st.builds(RecordedSource, before=fingerprints, after=fingerprints, floating=st.booleans())
outputs = st.fixed_dictionaries(
    {"output_type": st.just("stream"), "name": st.sampled_from(["stdout", "stderr"]), "text": words}
) | st.fixed_dictionaries(
    {
        "output_type": st.just("display_data"),
        "data": st.dictionaries(words, words | st.floats(allow_nan=False), max_size=3),
        "metadata": st.just({}),
    }
)
digests = st.text("0123456789abcdef", min_size=32, max_size=32)
cells = st.builds(
    RecordedCell,
    index=st.integers(0, 100),
    id=words,
    source_digest=digests,
    status=st.sampled_from(["ok", "failed", "not-run"]),
    error=st.none() | st.builds(CellError, type=words, message=words),
    sources=st.dictionaries(words, sources, max_size=2),
    draws=st.lists(words, max_size=2).map(tuple),
    outputs=st.lists(outputs, max_size=2).map(tuple),
    output_digests=st.lists(digests.map("blake2b-16:{}".format), max_size=2).map(tuple),
)
mappings = st.dictionaries(words, words, max_size=2)
environments = st.builds(
    Environment,
    python=words,
    os=words,
    cpu=words,
    cpu_count=st.integers(1, 512),
    threads=st.dictionaries(words, st.integers(1, 64), max_size=2),
    blas=mappings,
    accelerators=st.lists(words, max_size=2).map(tuple),
    packages=mappings,
    variables=mappings,
)
recordings = st.builds(
    Recording,
    notebook=words,
    kernel=mappings,
    cells=st.lists(cells, max_size=3).map(tuple),
    run=st.builds(
        RunBlock,
        created=words,
        repro_nb=words,
        seconds=seconds,
        durations=st.lists(seconds, max_size=3).map(tuple),
    ),
    seed=st.none() | st.integers(0, 2**32 - 1),
    level=st.none() | st.integers(0, 5),
    environment=st.none() | environments,
)
MINIMAL = Recording(
    notebook="study.ipynb",
    kernel={"name": "python3"},
    cells=(),
    run=RunBlock(created="2026-01-01T00:00:00+00:00", repro_nb="0"),
)


@given(recordings)
def test_what_is_written_is_read_back(tmp_path_factory, recording):
    """A recording survives the disk unchanged."""
    path = tmp_path_factory.mktemp("store") / "study.repro.json"
    write_recording(recording, path)
    assert read_recording(path) == recording


@given(recordings)
def test_every_recording_fits_the_shipped_schema(recording):
    """What is written is what the JSON Schema describes."""
    Draft202012Validator(recording_schema()).validate(json.loads(dumps(recording)))


def test_the_shipped_schema_is_one():
    """The JSON Schema is valid, and names the format."""
    Draft202012Validator.check_schema(recording_schema())
    assert recording_schema()["$id"] == "repro_nb/recording/1"


@given(recordings)
def test_keys_are_sorted_and_the_file_ends_with_a_line_end(recording):
    """Files are made for version control: one canonical form."""
    content = dumps(recording)
    again = json.dumps(json.loads(content), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert content.decode() == again


def test_half_a_surrogate_pair_can_be_recorded(tmp_path):
    """Text that no encoding can hold is kept as its JSON escape."""
    cell = RecordedCell(
        index=0,
        id="a",
        source_digest="0" * 32,
        status="ok",
        outputs=({"output_type": "stream", "name": "stdout", "text": "\ud83d"},),
    )
    recording = Recording(**{**vars(MINIMAL), "cells": (cell,)})
    write_recording(recording, tmp_path / "a.repro.json")
    assert read_recording(tmp_path / "a.repro.json") == recording


def test_facts_of_the_machine_are_run_facts():
    """A colleague's processor changes nothing outside the run block."""
    machine = {"os": "Linux", "cpu": "one", "cpu_count": 2, "threads": {"torch": 2}}
    other = {"os": "Darwin", "cpu": "two", "cpu_count": 8, "threads": {"torch": 8}}
    written = [
        Recording(**{**vars(MINIMAL), "environment": Environment(python="3.11", **facts)}).to_json()
        for facts in (machine, other)
    ]
    assert written[0].pop("run") != written[1].pop("run")
    assert written[0] == written[1]


def test_the_recording_lies_beside_its_notebook():
    """study.ipynb is recorded in study.repro.json."""
    assert str(recording_path("folder/study.ipynb")) == "folder/study.repro.json"


def test_nothing_is_left_behind_when_a_recording_cannot_be_written(tmp_path):
    """A write that fails is a clear error, and leaves no temporary file."""
    (tmp_path / "study.repro.json").mkdir()
    with pytest.raises(RecordingError, match="cannot be written"):
        write_recording(MINIMAL, tmp_path / "study.repro.json")
    assert [path.name for path in tmp_path.iterdir()] == ["study.repro.json"]


def _broken(**changes):
    return json.dumps({**MINIMAL.to_json(), **changes})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("[]", "no recording"),
        ('{"schema": "repro_nb/verify/1"}', "no recording"),
        (_broken(schema="repro_nb/recording/1 "), "no recording"),
        (_broken(schema="repro_nb/recording/2"), "newer repro_nb"),
        (_broken(cells=None), r"damaged: \$\.cells"),
        (_broken(cells=[{"index": -1}]), "damaged"),
        (_broken(extra=1), "damaged"),
        (_broken(run={}), "damaged"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_reason(tmp_path, content, message):
    """Every broken file is a typed error that says what is wrong and where."""
    path = tmp_path / "study.repro.json"
    path.write_text(content)
    with pytest.raises(RecordingError, match=message) as caught:
        read_recording(path)
    assert caught.value.where == str(path)


def test_a_recording_by_a_newer_version_says_to_upgrade(tmp_path):
    """The hint says what to do."""
    path = tmp_path / "study.repro.json"
    path.write_text(_broken(schema="repro_nb/recording/17"))
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert "pip install --upgrade repro_nb" in caught.value.hint


def test_bytes_that_are_no_text_are_refused(tmp_path):
    """A binary file is a typed error too."""
    path = tmp_path / "study.repro.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordingError, match="not JSON"):
        read_recording(path)


def test_a_recording_that_is_not_there_is_a_typed_error(tmp_path):
    """A missing file is no traceback."""
    with pytest.raises(RecordingError, match="cannot be read"):
        read_recording(tmp_path / "none.repro.json")
