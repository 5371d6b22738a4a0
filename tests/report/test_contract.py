"""The JSON result, which other programs read."""

import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from repro_nb.rerun.report.contract import envelope, validate, verify_schema

CONTRACT = {
    "notebook",
    "level",
    "level_name",
    "status",
    "error",
    "coverage",
    "held_back_by",
    "run_to_run",
    "saved",
    "cells",
    "seconds",
}


def test_every_kind_of_result_keeps_the_contract(every_kind, hostile):
    """What is printed fits the shipped JSON Schema."""
    validate(json.loads(json.dumps(envelope([*every_kind, hostile]))))


def test_the_keys_of_the_contract_are_there(unseeded):
    """Keys are only ever added."""
    (result,) = envelope([unseeded])["results"]
    assert set(result) >= CONTRACT
    assert set(result["coverage"]) == {
        *("outputs", "compared", "identical", "equivalent"),
        *("different", "missing", "extra", "ignored"),
    }
    assert set(result["cells"][0]) >= {
        "index",
        "id",
        "status",
        "run_to_run",
        "saved",
        "draws",
        "seconds",
    }


def test_the_values_say_what_the_model_says(unseeded, failing, unjudged):
    """Levels are numbers with their names; a failure names its cell."""
    low, broken, none = envelope([unseeded, failing, unjudged])["results"]
    assert (low["level"], low["level_name"], low["status"]) == (1, "runs", "ok")
    assert low["run_to_run"]["first"] == 3
    assert low["cells"][3]["saved"] == "different"
    assert (broken["status"], broken["error"]["cell"], broken["error"]["type"]) == (
        "failed",
        0,
        "KeyError",
    )
    assert (none["level"], none["level_name"], none["status"]) == (None, None, "error")


def test_the_first_divergence_is_given_in_full(unseeded):
    """A program need not parse the report to learn what differs."""
    first = envelope([unseeded])["results"][0]["first_divergent"]
    assert (first["cell"], first["compared"], first["sides"]) == (
        3,
        "run_to_run",
        ["run A", "run B"],
    )
    assert "3.1480" in first["outputs"][0]["expected"]


def test_the_shipped_schema_is_one():
    """The JSON Schema is valid, and names the contract."""
    Draft202012Validator.check_schema(verify_schema())
    assert verify_schema()["$id"] == "repro_nb/verify/1"


@pytest.mark.parametrize("key", sorted(CONTRACT))
def test_a_missing_key_breaks_the_contract(unseeded, key):
    """The schema requires every key of the contract."""
    data = envelope([unseeded])
    del data["results"][0][key]
    with pytest.raises(ValidationError, match=key):
        validate(data)
