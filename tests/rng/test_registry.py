"""Sources that other packages bring: found by their entry point, and left out with a warning when they are faulty."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from repro_nb.plugins import made_of
from repro_nb.rng import registry

EXAMPLE = Path(__file__).parent / "example_source"
PROGRAM = """
import json, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from repro_nb.rng import sources
    names = [source.name for source in sources()]
from types import SimpleNamespace
from repro_nb import set_global_seed
from repro_nb.probe.recorder import Recorder
from repro_nb.rng.capture import capture, restore

set_global_seed(7)
import lehmer
first = lehmer.draw()
lehmer.seed(7)
seeded = lehmer.draw()

captured = capture()
expected = [lehmer.draw() for _ in range(5)]
restore(captured)
again = [lehmer.draw() for _ in range(5)]
restore(captured.states)
from_bytes = [lehmer.draw() for _ in range(5)]

recorder = Recorder({})
recorder.attach(SimpleNamespace(register=lambda *_: None, unregister=lambda *_: None))
info = SimpleNamespace(raw_cell="lehmer.draw()", cell_id="a")
recorder._before_cell(info)
lehmer.draw()
recorder._after_cell(SimpleNamespace(info=info, error_before_exec=None, error_in_exec=None))
print(json.dumps({
    "names": names, "warnings": [str(warning.message) for warning in caught],
    "seeded on import": first == seeded, "restored": expected == again == from_bytes,
    "draws": recorder.records[-1].draws,
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process says in which the example package is installed."""
    folder = tmp_path_factory.mktemp("site")
    (wheel,) = WheelBuilder(str(EXAMPLE)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    with zipfile.ZipFile(wheel) as archive:  # which is all that installing it amounts to
        archive.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_a_package_adds_a_source_by_its_entry_point(found: dict[str, Any]) -> None:
    assert found["names"][-1] == "lehmer"


def test_an_added_source_is_seeded_when_its_library_is_imported(found: dict[str, Any]) -> None:
    assert found["seeded on import"]


def test_an_added_source_is_captured_and_restored(found: dict[str, Any]) -> None:
    assert found["restored"]


def test_the_recorder_sees_the_draws_of_an_added_source(found: dict[str, Any]) -> None:
    assert found["draws"] == ["lehmer"]


def test_faulty_sources_are_named_in_a_warning_and_left_out(found: dict[str, Any]) -> None:
    assert found["names"].count("numpy") == 1
    assert "unfinished" not in found["names"]
    clash, unfinished = sorted(found["warnings"])
    assert "there is a random source named numpy already" in clash
    assert "it lacks module, seed_functions, limits" in unfinished


def test_the_example_in_the_documentation_is_such_a_source(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    text = (request.config.rootpath / "docs" / "sources.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    lehmer: Any = ModuleType("lehmer")
    lehmer._state = [5]
    monkeypatch.setitem(sys.modules, "lehmer", lehmer)
    source = made_of(names["LehmerSource"], {"numpy"}, registry._PROTOCOL, "random source")
    states = source.states()
    lehmer._state[0] = 6
    assert source.glance() == (6,)
    source.restoring(states)()
    assert lehmer._state == [5]
