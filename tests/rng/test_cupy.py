"""CuPy: the seed reaches the devices to come through a variable, which alone can be put back."""

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import json, os
os.environ.pop("CUPY_SEED", None)
from repro_nb import set_global_seed
from repro_nb.rng import sources
from repro_nb.rng.capture import capture, restore
set_global_seed(5)
import cupy
from cupy.random import _generator

source = next(source for source in sources() if source.name == "cupy")
facts = {"on import": os.environ.get("CUPY_SEED"), "no device": not _generator._random_states}
os.environ.pop("CUPY_SEED")
captured = capture()
source.seed(7)
facts["seeded"] = os.environ["CUPY_SEED"]
seven = capture()
restore(captured)
facts["unset again"] = "CUPY_SEED" not in os.environ
restore(seven.states)
facts["put back"] = os.environ["CUPY_SEED"]
facts["limits"] = source.limits
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What a process says that imports CuPy, without a GPU if there is none."""
    if importlib.util.find_spec("cupy") is None:
        pytest.skip("needs CuPy, which is of no use without CUDA and so no test requirement")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_devices_to_come_are_seeded_and_none_is_asked_for(facts: dict[str, Any]) -> None:
    assert facts["on import"] == "5"
    assert facts["no device"]
    assert facts["seeded"] == "7"


def test_the_variable_comes_back_and_unset_is_not_empty(facts: dict[str, Any]) -> None:
    assert facts["unset again"]
    assert facts["put back"] == "7"


def test_the_limits_say_that_streams_in_use_cannot_be_put_back(facts: dict[str, Any]) -> None:
    assert "cannot be put back" in facts["limits"]
